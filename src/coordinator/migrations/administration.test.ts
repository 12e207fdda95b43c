/** What was deleted stays deleted: the migration that knows of it is not taken back over it. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import { openDatabase } from "../database.ts";
import { migrateLatestDown, migrateUp } from "./migrate.ts";
import { appliedNames } from "../admin/migrating.ts";
import { insertAccount } from "../accounts/store.ts";

const name = "0014-administration";

test("it goes down and up again as long as nobody was deleted, and not after", async () => {
  await using service = await createDatabase();
  const config = { url: service.url, folder: undefined, poolSize: 1 };
  const database = await openDatabase(config, createLog("silent"));
  try {
    await migrateUp(database);
    const jwk = { kty: "OKP", crv: "Ed25519", x: "x" } as const;
    await insertAccount(database, "somebody", jwk, 1);
    const down = async () => {
      while ((await appliedNames(database)).includes(name)) await migrateLatestDown(database);
    };
    await down();
    await migrateUp(database);
    await sql`update account set revoked_ms = 2, deleted_ms = 2 where id = 'somebody'`.execute(
      database,
    );
    await expect(down()).rejects.toMatchObject({ cause: { code: "23001" } });
    expect(await appliedNames(database)).toContain(name);
  } finally {
    await database.destroy();
  }
});
