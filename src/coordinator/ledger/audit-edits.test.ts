/** Whatever row of the books somebody edits by hand, the audit names it: charges, receipts, starter credits, what is due. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { openDatabase, type Database } from "../database.ts";
import { createLog } from "../../host/log.ts";
import { createServiceStore, writeSwept } from "../jobs/service-store.ts";
import { systemRandom } from "../../base/random.ts";
import { auditBooks } from "./audit-store.ts";
import { lineHash, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";

const tree = createSecretTree(new Uint8Array(32).fill(3));
const lineOf = (k: number, now: number): Line => ({
  ...tree.reveal(k),
  started: now,
  ended: now + 1_000,
  billed_ms: 1_000,
  first_token_ms: 10,
  prompt_tokens: 10,
  completion_tokens: 1_000,
  estimated: false,
  finish: "stop",
  cost: "0.050000",
  ...someHashes,
});

describe("books that were settled by signed statements", () => {
  const resources = new AsyncDisposableStack();
  let database: Database;
  let troop: TestCoordinator;
  let requester: Signer;
  let hold: string;
  let acknowledgement: string;
  beforeAll(async () => {
    const service = resources.use(await createDatabase());
    troop = resources.use(await openCoordinator({ databaseUrl: service.url }));
    const config = { url: service.url, folder: undefined, poolSize: 2 };
    database = resources.adopt(await openDatabase(config, createLog("silent")), (opened) =>
      opened.destroy(),
    );
    requester = await makeSigner();
    const node = await troop.serve(await makeSigner());
    const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor };
    hold = (await troop.call(requester, "POST", "/authorize", wish)).body.hold;
    const now = troop.clock.now();
    const lines = [{ ...lineOf(1, now), cost: "0.500000" }, lineOf(2, now)];
    const receipt = await troop.statement(node, "troop-receipt+jwt", { hold, lines });
    acknowledgement = await troop.statement(requester, "troop-acknowledgement+jwt", {
      hold,
      lines: [
        {
          k: 1,
          verdict: "ok",
          line_hash: lineHash(lines[0]!),
          billed_ms: 3_000,
          prompt_tokens: 100,
          completion_tokens: 2_000,
        },
      ],
    });
    await troop.call(undefined, "POST", "/receipts", { statements: [receipt] });
    await troop.call(undefined, "POST", "/acknowledgements", { statements: [acknowledgement] });
  }, 120_000);
  afterAll(() => resources.disposeAsync());

  const run = (statement: string) => sql.raw(statement).execute(database);
  const offences = async () =>
    (await auditBooks(database)).map(({ invariant, subject }) => `${invariant} ${subject}`);

  test("are sound", async () => {
    const { rows } = await sql`select state from request order by k`.execute(database);
    expect(rows).toEqual([{ state: "settled" }, { state: "vesting" }]);
    expect(await offences()).toEqual([]);
  });

  test.each([
    ["billed_ms = 9999", "billed_ms = 1000"],
    ["completion_tokens = 900", "completion_tokens = 1000"],
    ["prompt_tokens = 11", "prompt_tokens = 10"],
    ["finish = 'length'", "finish = 'stop'"],
    ["ended_ms = ended_ms + 1", "ended_ms = ended_ms - 1"],
  ])("name the request that says %s", async (edit, undo) => {
    await run(`update request set ${edit} where k = 1`);
    expect(await offences()).toContain(`5 ${hold}.1`);
    await run(`update request set ${undo} where k = 1`);
    expect(await offences()).toEqual([]);
  });

  test("name a request whose cost grew with its shortfall, which no transfer shows", async () => {
    await run(`update request set cost = cost + 50000, shortfall = 50000 where k = 1`);
    expect(await offences()).toContain(`5 ${hold}.1`);
    await run(`update request set cost = cost - 50000, shortfall = 0 where k = 1`);
    expect(await offences()).toEqual([]);
  });

  test("name a hold's requests where its rates were lowered", async () => {
    await run(`update hold set per_second = per_second / 2`);
    expect(await offences()).toEqual([`5 ${hold}.1`, `5 ${hold}.2`]);
    await run(`update hold set per_second = per_second * 2`);
    expect(await offences()).toEqual([]);
  });

  test("name a hold's requests where its rates were raised beyond what it had charged, unless nothing more was claimed", async () => {
    const columns = ["per_second", "per_prompt_token", "per_completion_token"];
    const scale = (by: string) =>
      run(`update hold set ${columns.map((name) => `${name} = ${name} ${by}`).join(", ")}`);
    await scale("* 2");
    // The first line claimed ten times what it was charged; the second no more than it was.
    expect(await offences()).toEqual([`5 ${hold}.1`]);
    await scale("/ 2");
    expect(await offences()).toEqual([]);
  });

  test("name a hold's requests where its anchor was exchanged", async () => {
    const { anchor } = createSecretTree(new Uint8Array(32).fill(4));
    await run(`update hold set anchor = '${anchor}'`);
    expect(await offences()).toEqual([`5 ${hold}.1`, `5 ${hold}.2`]);
    await run(`update hold set anchor = '${tree.anchor}'`);
    expect(await offences()).toEqual([]);
  });

  test("name a statement whose text was exchanged", async () => {
    const { rows } = await sql<{ id: string; jws: string }>`
      select s.id, s.jws from statement s join request r on r.receipt = s.id limit 1
    `.execute(database);
    const { id, jws } = rows[0]!;
    await sql`update statement set jws = ${acknowledgement} where id = ${id}`.execute(database);
    expect(await offences()).toContain(`5 ${id}`);
    await sql`update statement set jws = ${jws} where id = ${id}`.execute(database);
    expect(await offences()).toEqual([]);
  });

  test("name an account whose starter credits could suddenly be given away", async () => {
    const edit = (text: string) =>
      run(
        `update account set non_transferable = non_transferable ${text} where id = '${requester.id}'`,
      );
    await edit("- 5");
    expect(await offences()).toEqual([`2 ${requester.id}`]);
    await edit("+ 5");
    expect(await offences()).toEqual([]);
  });

  test("name what still runs, and still vests, long after its time; not before the jobs have been there", async () => {
    await run(`update hold set expires_ms = opened_ms + 1`);
    await run(`update request set vests_ms = received_ms + 1 where k = 2`);
    expect(await offences()).toEqual([]);
    await writeSwept(database, troop.clock.now() + 9 * 60_000);
    expect(await offences()).toEqual([]);
    await writeSwept(database, troop.clock.now() + 11 * 60_000);
    expect(await offences()).toEqual([`6 ${hold}`, `6 ${hold}.2`]);
  });

  test("name the jobs that have not come by, though a coordinator runs; not where it was away", async () => {
    const service = createServiceStore(database);
    const sweptAt = troop.clock.now() + 11 * 60_000;
    const named = async () => (await offences()).filter((subject) => subject === "6 jobs");
    for (let minutes = 0; minutes <= 25; minutes += 1)
      await service.writeAlive(sweptAt + minutes * 60_000);
    expect(await named()).toEqual([]);
    await service.writeAlive(sweptAt + 26 * 60_000);
    expect(await named()).toEqual(["6 jobs"]);
    await service.writeAlive(sweptAt + 24 * 60 * 60_000);
    expect(await named()).toEqual([]);
  });
});
