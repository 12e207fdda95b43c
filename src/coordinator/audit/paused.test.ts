/** Whoever was answered is on record, also while the database stood still. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { auditFolder } from "./audit-log.ts";
import { verifyAuditLog } from "./verify.ts";

test(
  "no acknowledged event is lost, nor out of its order, where the table is held up in the middle",
  { timeout: 60_000 },
  async () => {
    await using service = await createDatabase();
    await using stack = new AsyncDisposableStack();
    const config = { url: service.url, folder: undefined, poolSize: 2 };
    const database = await openDatabase(config, createLog("silent"));
    stack.defer(() => database.destroy());
    const troop = await openCoordinator({ databaseUrl: service.url });
    stack.use(troop);
    const [user, owner] = [await makeSigner(), await makeSigner()];
    await troop.serve(owner);
    const { anchor } = createSecretTree(systemRandom.bytes(32));
    const answered: string[] = [];
    const authorize = async () => {
      const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor, max_budget: "0.100000" };
      const { status, body } = await troop.call(user, "POST", "/authorize", wish);
      if (status === 200) answered.push(body.hold as string);
      troop.clock.advance(100);
    };
    const some = async () => {
      for (let number = 0; number < 20; number += 1) await authorize();
    };
    await some();
    await database.transaction().execute(async (tx) => {
      await sql`lock table audit_log in access exclusive mode`.execute(tx);
      await some();
    });
    await some();
    expect(answered).toHaveLength(60);
    await troop.coordinator[Symbol.asyncDispose]();

    const { rows } = await sql<{ hold: string }>`
      select details ->> 'hold' as hold from audit_log where event_type = 'authorization'
      order by position
    `.execute(database);
    expect(rows.map(({ hold }) => hold)).toEqual(answered);
    const folder = auditFolder(troop.folder);
    expect(await verifyAuditLog({ database, folder })).toMatchObject({ sound: true });
  },
);
