/** What is kept of trials, and for how long. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { askingNode, createFineClock, smallest, someDevice } from "./proving.fixture.ts";
import { deleteTrials } from "./trial-store.ts";

test("trials are forgotten with their sessions, and their verdicts are not", async () => {
  const clock = createFineClock();
  await using service = await createDatabase();
  await using network = await openCoordinator(
    { databaseUrl: service.url, proofs: smallest },
    clock,
  );
  const config = { url: service.url, folder: undefined, poolSize: 1 };
  await using stack = new AsyncDisposableStack();
  const database = stack.adopt(await openDatabase(config, createLog("silent")), (opened) =>
    opened.destroy(),
  );
  const count = async () => {
    const { rows } = await sql<Record<string, bigint>>`
      select (select count(*) from hardware_trial) as trials,
        (select count(*) from hardware_session) as sessions,
        (select count(*) from hardware_verdict) as verdicts
    `.execute(database);
    const { trials, sessions, verdicts } = rows[0]!;
    return [Number(trials), Number(sessions), Number(verdicts)];
  };
  const prover = await askingNode(network, await makeSigner());
  await prover.prove();
  expect(await count()).toEqual([1, 3, 1]);
  // It stays when the account goes, and the owner's device is not to.
  const verdict = await sql<{
    row: string;
  }>`select row_to_json(v)::text as row from hardware_verdict v`.execute(database);
  expect(verdict.rows[0]!.row).not.toContain(someDevice.name);
  expect(await deleteTrials(database, clock.now())).toBe(0);
  expect(await count()).toEqual([1, 3, 1]);

  clock.advance(60 * 60_000);
  expect(await deleteTrials(database, clock.now())).toBe(1);
  expect(await count()).toEqual([0, 0, 1]);
  expect(await deleteTrials(database, clock.now())).toBe(0);

  // One coordinator of all does so by itself, with what is older than thirty days, when it is somebody's turn again.
  clock.advance(3 * 24 * 60 * 60_000);
  await prover.beat({ status: "IDLE" });
  await prover.prove();
  expect(await count()).toEqual([1, 3, 2]);
  await sql`delete from job where name = 'prune trials'`.execute(database);
  clock.advance(31 * 24 * 60 * 60_000);
  await expect.poll(count).toEqual([0, 0, 2]);
});
