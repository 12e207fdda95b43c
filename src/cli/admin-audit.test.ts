/** `troop admin audit`, as it is typed: through a coordinator's socket where one runs, else in the database itself. */
import { sql } from "kysely";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import { makeSigner, openCoordinator } from "../coordinator/coordinator.fixture.ts";
import { openDatabase } from "../coordinator/database.ts";
import { createLog } from "../host/log.ts";
import { writeMark } from "../protocol/audit.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import { typeTroop } from "./command-line.fixture.ts";

const operator = {
  ...{ listen: { host: "127.0.0.1", port: 0 }, isChosen: true },
  ...{ user: "admin", password: "correct horse battery" },
};

describe.each(["PGlite", "PostgreSQL"] as const)("on %s", { timeout: 120_000 }, (kind) => {
  const resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "troop-audit-cli-"));
  const dataFolder = join(folder, "coordinator");
  let databaseUrl: string | undefined;
  beforeAll(async () => {
    databaseUrl = kind === "PostgreSQL" ? resources.use(await createDatabase()).url : undefined;
  });
  afterAll(async () => {
    await resources.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  async function admin(...words: string[]) {
    const { code, stdout, stderr, json } = await typeTroop(["admin", "audit", ...words], {
      ...{ DATA_DIR: folder, LOG_LEVEL: "silent" },
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    });
    return { code, lines: stdout.trimEnd().split("\n"), said: stderr, json };
  }

  async function edit(...statements: string[]): Promise<void> {
    const config = { url: databaseUrl, folder: join(dataFolder, "db"), poolSize: 1 };
    const database = await openDatabase(config, createLog("silent"));
    await sql`alter table audit_log disable trigger all`.execute(database);
    for (const statement of statements) await sql.raw(statement).execute(database);
    await sql`alter table audit_log enable trigger all`.execute(database);
    await database.destroy();
  }

  test("a row is read while the coordinator runs and after, and one that was edited is named", async () => {
    let tip: string;
    {
      await using troop = await openCoordinator({ dataFolder, databaseUrl, operator } as object);
      const [user, owner] = [await makeSigner(), await makeSigner()];
      await troop.serve(owner);
      const { anchor } = createSecretTree(systemRandom.bytes(32));
      const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor };
      await troop.call(user, "POST", "/authorize", wish);
      const shown = await admin();
      expect(shown.code).toBe(0);
      expect(shown.lines.join("\n")).toMatch(/authorization +ticket_given[^]*starter_credits/);
      const { json } = await admin("--type", "transaction", "--user", user.id, "--json");
      expect(json.events).toMatchObject([
        { event_type: "transaction", details: { event: "starter_credits", amount: "1000.000000" } },
      ]);
      const first = await admin("--limit", "1", "--json");
      expect(first.json).toMatchObject({ events: [{ position: 2 }], next_cursor: "2" });
      const second = await admin("--cursor", first.json.next_cursor, "--json");
      expect(second.json).toMatchObject({ events: [{ position: 1 }], next_cursor: null });
      const sound = await admin("verify", "--json");
      expect(sound).toMatchObject({ code: 0, json: { sound: true, rows: 2, compared: 2 } });
      tip = writeMark(sound.json.tip);
    }
    expect(await admin("verify", "--expect", tip)).toMatchObject({ code: 0, said: "" });
    await edit(`update audit_log set details = '{"event": "nothing"}' where position = 1`);
    const altered = await admin("verify", "--json");
    expect(altered).toMatchObject({ code: 1, json: { sound: false, flawed: 2 } });
    expect(altered.json.flaws[0]).toMatchObject({ flaw: "altered", position: 1 });
    expect((await admin("verify")).lines.join("\n")).toMatch(/altered +1 +[0-9a-f-]{36}/);
    for (const wrong of [
      ["--limit", "0"],
      ["--type", "gossip"],
    ])
      expect((await admin(...wrong)).code).toBe(2);
    expect((await admin("verify", "--expect", "7")).code).toBe(2);
  });
});
