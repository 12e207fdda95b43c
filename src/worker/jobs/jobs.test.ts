/** What the owner sees of their worker's work: what each receipt brought, and the sum of a day, also after a restart. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createLog } from "../../host/log.ts";
import { type LocalDatabase, openLocalDatabase } from "../../host/local-database.ts";
import { nameUuid } from "../../protocol/ids.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import type { Line, LineOutcome } from "../../protocol/receipt.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { createJobs } from "./jobs.ts";
import { createJobsStore } from "./jobs-store.ts";

const tree = createSecretTree(new Uint8Array(32));
const hold = nameUuid("test-hold", "one");
const claims = { jti: hold, sub: "them", own: false, model: "qwen3:8b" };
const dayMs = 86_400_000;

function open(database: LocalDatabase = openLocalDatabase("", ":memory:")) {
  const clock = createFakeClock();
  const start = () =>
    createJobs({ store: createJobsStore(database), now: clock.now, log: createLog("silent") });
  const lineOf = (k: number, cost: string): Line => ({
    ...{ ...tree.reveal(k), started: clock.now() - 2_000, ended: clock.now(), billed_ms: 1_500 },
    ...{ first_token_ms: 10, prompt_tokens: 3, completion_tokens: 4, estimated: false },
    ...{ finish: "stop", cost, ...someHashes },
  });
  return { jobs: start(), start, clock, lineOf, database };
}

const accepted = (...lines: { k: number; outcome: LineOutcome; paid?: string }[]) =>
  ({ status: "accepted", hold, lines }) as const;

test("a request waits for its receipt's answer, and then shows what it moved", () => {
  const { jobs, lineOf } = open();
  jobs.served(claims, lineOf(1, "0.500000"));
  expect(jobs.last(10)).toMatchObject([
    { hold, k: 1, requester: "them", model: "qwen3:8b", billed_ms: 1_500, finish: "stop" },
  ]);
  expect(jobs.last(10)).toMatchObject([{ receipt: "waiting", paid: null, cost: "0.500000" }]);
  expect(jobs.today()).toMatchObject({ requests: 1, earned: "0.000000", waiting: "0.500000" });
  jobs.answered(hold, accepted({ k: 1, outcome: "vesting", paid: "0.400000" }));
  expect(jobs.last(10)).toMatchObject([{ receipt: "vesting", paid: "0.400000" }]);
  expect(jobs.today()).toMatchObject({
    ...{ requests: 1, earned: "0.400000", vesting: "0.400000", waiting: "0.000000" },
  });
});

test("settled and vesting credits are earned, unpaid ones are not", () => {
  const { jobs, lineOf } = open();
  for (const k of [1, 2, 3, 4]) jobs.served(claims, lineOf(k, "1.000000"));
  jobs.answered(
    hold,
    accepted(
      { k: 1, outcome: "settled", paid: "1.000000" },
      { k: 2, outcome: "vesting", paid: "0.250000" },
      { k: 3, outcome: "unpaid", paid: "0.000000" },
      { k: 4, outcome: "request_unproven" },
    ),
  );
  expect(jobs.today()).toMatchObject({
    ...{ requests: 4, earned: "1.250000", vesting: "0.250000", waiting: "0.000000" },
  });
});

test("where the coordinator does not say how much it paid, it is what the line says", () => {
  const { jobs, lineOf } = open();
  for (const k of [1, 2]) jobs.served(claims, lineOf(k, "1.000000"));
  jobs.answered(hold, accepted({ k: 1, outcome: "vesting" }, { k: 2, outcome: "unpaid" }));
  expect(jobs.last(10).map(({ paid }) => paid)).toEqual(["0.000000", "1.000000"]);
});

test("a receipt that is refused is worth nothing, and says so", () => {
  const { jobs, lineOf } = open();
  jobs.served(claims, lineOf(1, "1.000000"));
  jobs.answered(hold, { status: "refused", code: "hold_not_found" });
  expect(jobs.last(10)).toMatchObject([{ receipt: "refused", paid: "0.000000" }]);
  expect(jobs.today()).toMatchObject({ earned: "0.000000", waiting: "0.000000" });
});

test("a day begins at midnight UTC, and what was before is still among the last", async () => {
  const { jobs, clock, lineOf } = open();
  await clock.advance(dayMs - 1);
  jobs.served(claims, lineOf(1, "1.000000"));
  expect(jobs.today()).toMatchObject({ requests: 1 });
  await clock.advance(1);
  expect(jobs.today()).toMatchObject({ requests: 0, since: clock.now() });
  jobs.served(claims, lineOf(2, "1.000000"));
  expect(jobs.today()).toMatchObject({ requests: 1 });
  expect(jobs.last(10).map(({ k }) => k)).toEqual([2, 1]);
  expect(jobs.last(1).map(({ k }) => k)).toEqual([2]);
});

test("it is remembered by the next process, and forgotten after nine days", async () => {
  const { jobs, start, clock, lineOf } = open();
  jobs.served(claims, lineOf(1, "1.000000"));
  jobs[Symbol.dispose]();
  expect(start().last(10)).toMatchObject([{ k: 1 }]);
  await clock.advance(10 * dayMs);
  const next = start();
  next.served(claims, lineOf(2, "1.000000"));
  expect(next.last(10).map(({ k }) => k)).toEqual([2]);
});

test("requests that nobody looks at are written 32 at a time, and no more wait", () => {
  const { jobs, start, lineOf } = open();
  for (let k = 1; k <= 31; k += 1) jobs.served(claims, lineOf(k, "1.000000"));
  expect(start().last(100)).toHaveLength(0);
  jobs.served(claims, lineOf(32, "1.000000"));
  expect(start().last(100)).toHaveLength(32);
});

test("a disk that is full costs the owner's view and not the request", () => {
  const { jobs, lineOf, database } = open();
  database.sqlite.exec("drop table job");
  jobs.served(claims, lineOf(1, "1.000000"));
  expect(() => jobs.answered(hold, accepted({ k: 1, outcome: "settled" }))).not.toThrow();
});
