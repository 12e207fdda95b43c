/** SQL lives beside the table it is about, where a reader and a migration can find all of it. */
import { basename } from "node:path";
import { expect, test } from "vitest";
import { forbid, productionFiles, sourceFile } from "./source-files.ts";

const sqlHasItsPlaces = forbid(
  /(?<![\w$.])sql\s*(<[^;`()]*>)?\s*`|(?<![\w$.])sql\s*\.|\.\s*(selectFrom|insertInto|updateTable|deleteFrom|mergeInto|replaceInto)\b/g,
  (path) =>
    /^((.*-)?store|database)\.ts$/.test(basename(path)) || path.split("/").includes("migrations"),
);

test("SQL is written in store files, database.ts and migrations only", () => {
  expect(sqlHasItsPlaces(productionFiles())).toEqual([]);
});

test.each([
  "await sql`select 1`.execute(database);",
  "const rows = sql<{ id: string }>`select id from t`;",
  `const name = sql.ref("t");`,
  `await database.selectFrom("t").execute();`,
  `await database\n  .insertInto("t").values(row).execute();`,
  `await tx.updateTable("t").execute();`,
  `await tx.deleteFrom("t").execute();`,
])("SQL out of place is found: %s", (text) => {
  expect(sqlHasItsPlaces([sourceFile("src/coordinator/ledger/ledger.ts", text)])).toHaveLength(1);
  expect(sqlHasItsPlaces([sourceFile("src/coordinator/ledger/store.ts", text)])).toEqual([]);
  expect(sqlHasItsPlaces([sourceFile("src/coordinator/ledger/hold-store.ts", text)])).toEqual([]);
  expect(sqlHasItsPlaces([sourceFile("src/coordinator/database.ts", text)])).toEqual([]);
  expect(sqlHasItsPlaces([sourceFile("src/coordinator/migrations/0001.ts", text)])).toEqual([]);
});

test("words about SQL are not SQL", () => {
  const text = "// sql`select 1`\nconst state = error.sqlState; const dialect = options.sql;";
  expect(sqlHasItsPlaces([sourceFile("src/coordinator/ledger/ledger.ts", text)])).toEqual([]);
});
