/** Operators' commands, as they are typed, on both databases. */
import { sql } from "kysely";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { writeMigration } from "../coordinator/admin/migrating.ts";
import { openCoordinator } from "../coordinator/coordinator.fixture.ts";
import { openDatabase } from "../coordinator/database.ts";
import { migrations } from "../coordinator/migrations/all.ts";
import { leaveRunFile } from "../host/run-file.ts";
import { packageFolder } from "../host/package.ts";
import { createLog } from "../host/log.ts";
import { typeTroop } from "./command-line.fixture.ts";

const all = Object.keys(migrations);

describe.each(["PGlite", "PostgreSQL"] as const)("on %s", { timeout: 120_000 }, (kind) => {
  const resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "troop-admin-"));
  let environment: Record<string, string>;
  beforeAll(async () => {
    const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
    environment = { DATA_DIR: folder, LOG_LEVEL: "silent" };
    if (service) environment["DATABASE_URL"] = service.url;
  });
  afterAll(async () => {
    await resources.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  async function admin(...words: string[]) {
    const { stdout, ...told } = await typeTroop(["admin", ...words], environment);
    return { ...told, lines: stdout.trimEnd().split("\n") };
  }

  async function edit(statement: string): Promise<void> {
    const url = environment["DATABASE_URL"];
    const config = { url, folder: join(folder, "coordinator", "db"), poolSize: 1 };
    const database = await openDatabase(config, createLog("silent"));
    await sql.raw(statement).execute(database);
    await database.destroy();
  }

  test("migrations go up, show their state, and come down one by one or all", async () => {
    expect((await admin("migrate", "up", "--json")).json).toEqual({ applied: all });
    expect((await admin("migrate", "up", "--json")).json).toEqual({ applied: [] });
    const refused = await admin("migrate", "down");
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/This needs a yes.*\n.*\n.* troop admin migrate down --yes$/m);
    const down = await admin("migrate", "down", "--yes", "--json");
    expect(down.json).toEqual({ taken_back: [all.at(-1)] });
    const { json } = await admin("migrate", "status", "--json");
    const pending = json.migrations.filter((one: { applied_at: unknown }) => !one.applied_at);
    expect(pending).toEqual([{ name: all.at(-1), applied_at: null }]);
    expect(await admin("audit-ledger")).toMatchObject({ code: 2 });
    const rest = await admin("migrate", "down", "--all", "--yes", "--json");
    expect(rest.json).toEqual({ taken_back: all.slice(0, -1).toReversed() });
    expect((await admin("migrate", "up", "--json")).json).toEqual({ applied: all });
  });

  test("the audit says that sound books are sound, and names a row that was edited by hand", async () => {
    const sound = await admin("audit-ledger", "--json");
    expect(sound).toMatchObject({ code: 0, json: { sound: true, offences: [] } });
    await edit("update account set posted = posted + 3 where id = 'faucet'");
    const unsound = await admin("audit-ledger", "--json");
    expect(unsound).toMatchObject({ code: 1, json: { sound: false } });
    expect(unsound.json.offences).toContainEqual({
      ...{ invariant: 2, subject: "faucet", found: "3", expected: "0" },
    });
    const shown = await admin("audit-ledger");
    expect(shown.code).toBe(1);
    expect(shown.lines.join("\n")).toMatch(/2 +faucet +3 +0/);
    expect(shown.stderr).toBe("");
    await edit("update account set posted = posted - 3 where id = 'faucet'");
  });

  test("invitations are made as codes that can be read out", async () => {
    const { json, code } = await admin("invite", "--count", "3", "--expires", "12h", "--json");
    expect(code).toBe(0);
    expect(new Set(json.codes).size).toBe(3);
    for (const invite of json.codes) expect(invite).toMatch(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/);
    expect(json.expires_at).toEqual(expect.any(Number));
    for (const wrong of [
      ["--expires", "soon"],
      ["--count", "0"],
    ])
      expect((await admin("invite", ...wrong)).code).toBe(2);
  });

  test("roles are printed anywhere, and made on PostgreSQL only", async () => {
    const printed = await admin("db-roles", "--prefix", "some");
    expect(printed.lines).toContain("grant select on transfer to some_application;");
    expect(printed.lines.join("\n")).not.toMatch(/grant (update|delete)[^\n]* on transfer/);
    expect((await admin("db-roles", "--prefix", "so me")).code).toBe(2);
    if (kind === "PGlite") expect((await admin("db-roles", "--apply")).code).toBe(2);
  });

  test("while a coordinator runs, its folder is its own, and a server is not", async () => {
    const dataFolder = join(folder, "coordinator");
    const databaseUrl = environment["DATABASE_URL"];
    await using troop = await openCoordinator({ dataFolder, databaseUrl } as object);
    const url = "http://127.0.0.1:9";
    using _note = leaveRunFile(folder, "coordinator", { url, pid: 1, coordinator: url });
    const told = await admin("migrate", "status");
    if (kind === "PostgreSQL") return expect(told.code).toBe(0);
    expect(told.code).toBe(1);
    expect(told.stderr).toMatch(/data_folder_locked[^]*stop the coordinator first/);
    expect(told.stderr).toMatch(/ troop down coordinator && troop admin migrate status$/m);
    expect(troop.folder).toBe(dataFolder);
  });
});

test("a new migration gets the next number, is listed, and is refused outside of a checkout", () => {
  const root = mkdtempSync(join(tmpdir(), "troop-checkout-"));
  try {
    expect(() => writeMigration(root, "add-regions")).toThrow("checkout");
    const folder = join(root, "src", "coordinator", "migrations");
    mkdirSync(folder, { recursive: true });
    const list = readFileSync(join(packageFolder, "src/coordinator/migrations/all.ts"), "utf8");
    writeFileSync(join(folder, "all.ts"), list);
    expect(() => writeMigration(root, "Add Regions")).toThrow("lower case");
    const file = writeMigration(root, "add-regions");
    const number = String(Number.parseInt(all.at(-1)!, 10) + 1).padStart(4, "0");
    expect(file).toBe(join(folder, `${number}-add-regions.ts`));
    expect(existsSync(file)).toBe(true);
    const listed = readFileSync(join(folder, "all.ts"), "utf8");
    expect(listed).toContain(`import { addRegions } from "./${number}-add-regions.ts";`);
    expect(listed).toContain(`  "${number}-add-regions": addRegions,\n};\n`);
    expect(readFileSync(file, "utf8")).toContain("export const addRegions = migrationOf(");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
