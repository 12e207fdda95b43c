/** What the coordinator hears of a worker, and what the worker makes of the answers. */
import { expect, test } from "vitest";
import { gatedText } from "../../test/support/fake-engine/script.ts";
import { testModel } from "../../test/support/fake-engine/fake-engine.ts";
import { startTestWorker, type TestWorker } from "../../test/support/fake-engine/test-worker.ts";
import type { Heartbeat } from "../protocol/node.ts";

/** The next beat, moving time until it comes. */
const nextBeat = (network: TestWorker): Promise<Heartbeat> =>
  network.until(network.coordinator.beats.next());

test("the first beat is whole, the next short and newer, about ten seconds later", async () => {
  await using network = await startTestWorker();
  const { coordinator, clock } = network;
  const first = await coordinator.beats.next();
  expect(first.snapshot).toMatchObject({ models: [testModel("test-model")] });
  await clock.advance(8_900);
  expect(coordinator.beats.all).toHaveLength(1);
  const second = await nextBeat(network);
  expect(second).toMatchObject({ started: first.started, counter: first.counter + 1 });
  expect(second.snapshot_id).toBe(first.snapshot_id);
  expect(second).not.toHaveProperty("snapshot");
});

test("the answer's interval wins", async () => {
  await using network = await startTestWorker();
  const { coordinator, clock } = network;
  coordinator.answer = { ...coordinator.answer, interval_ms: 60_000 };
  await coordinator.beats.next();
  const second = await nextBeat(network);
  const before = coordinator.beats.all.length;
  await clock.advance(50_000);
  expect(coordinator.beats.all).toHaveLength(before);
  expect((await nextBeat(network)).counter).toBe(second.counter + 1);
});

test("models that changed are told at once, under a new snapshot id", async () => {
  await using network = await startTestWorker({ config: { modelRefreshMs: 5_000 } });
  const { coordinator, engine, clock } = network;
  const first = await coordinator.beats.next();
  engine.offer([testModel("test-model"), testModel("another")]);
  await clock.advance(5_000);
  const second = await coordinator.beats.next();
  expect(second.snapshot?.models.map(({ name }) => name)).toEqual(["test-model", "another"]);
  expect(second.snapshot_id).not.toBe(first.snapshot_id);
});

test("a coordinator that forgot the snapshot gets it at once", async () => {
  await using network = await startTestWorker();
  const { coordinator } = network;
  const first = await coordinator.beats.next();
  coordinator.answer = { ...coordinator.answer, resend: true };
  const short = await nextBeat(network);
  expect(short).not.toHaveProperty("snapshot");
  coordinator.answer = { ...coordinator.answer, resend: false };
  const whole = await coordinator.beats.next();
  expect(whole).toMatchObject({ counter: short.counter + 1, snapshot: first.snapshot });
});

test("a coordinator that always asks again is answered a few times, then at the interval", async () => {
  await using network = await startTestWorker();
  const { coordinator, clock } = network;
  await coordinator.beats.next();
  coordinator.answer = { ...coordinator.answer, resend: true };
  await nextBeat(network);
  for (let repeat = 0; repeat < 4; repeat += 1) await coordinator.beats.next();
  const before = coordinator.beats.all.length;
  await clock.advance(1_000);
  expect(coordinator.beats.all).toHaveLength(before);
});

test("a node that was forgotten enrols again and is listed at once", async () => {
  await using network = await startTestWorker();
  const { coordinator } = network;
  await coordinator.enrolments.next();
  await coordinator.beats.next();
  coordinator.nodes.clear();
  const beat = await nextBeat(network);
  expect(await coordinator.enrolments.next()).toMatchObject({ node: network.worker.nodeId });
  expect(beat.snapshot).toBeDefined();
});

test.each([
  ["of a later start, after the clock was set back", 3_600_000, 41],
  ["of this start", 0, 99],
])("a beat that is older than one %s is made newer", async (_, aheadMs, counter) => {
  await using network = await startTestWorker();
  const { coordinator } = network;
  const first = await coordinator.beats.next();
  const last = { started: first.started + aheadMs, counter };
  coordinator.refuse("/heartbeat", { code: "stale_heartbeat", details: last });
  const beat = await nextBeat(network);
  const isNewer =
    beat.started > last.started || (beat.started === last.started && beat.counter > last.counter);
  expect(isNewer).toBe(true);
});

test("busy and idle are told at once, but no more than once a second", async () => {
  await using network = await startTestWorker({ slots: 1, script: gatedText("a") });
  const { coordinator, engine, clock } = network;
  await coordinator.beats.next();
  await clock.advance(1_000);
  const ticket = await network.ticket();
  const reply = network.ask({ ticket });
  expect(await coordinator.beats.next()).toMatchObject({
    ...{ status: "BUSY", slots: { active: 1, total: 1 } },
  });
  await engine.requests.next();
  engine.next();
  engine.next();
  await reply;
  await clock.advance(999);
  expect(coordinator.beats.all).toHaveLength(2);
  await clock.advance(1);
  expect(await coordinator.beats.next()).toMatchObject({ status: "IDLE", running: [] });
});

test("holds with a request under way are named", async () => {
  await using network = await startTestWorker({ script: gatedText("a") });
  const { coordinator, engine } = network;
  await coordinator.beats.next();
  const ticket = await network.ticket();
  const replies = [network.ask({ ticket, k: 1 }), network.ask({ ticket, k: 2 })];
  await engine.requests.next();
  await engine.requests.next();
  expect((await nextBeat(network)).running).toEqual([ticket.claims.jti]);
  for (let gates = 0; gates < 4; gates += 1) engine.next();
  await Promise.all(replies);
  expect((await nextBeat(network)).running).toEqual([]);
});

test("pausing is told at once", async () => {
  await using network = await startTestWorker();
  const { coordinator, worker } = network;
  await coordinator.beats.next();
  worker.pause();
  expect(await coordinator.beats.next()).toMatchObject({ status: "PAUSED" });
  worker.resume();
  expect(await coordinator.beats.next()).toMatchObject({ status: "IDLE" });
});

test("the multiplier of the answer is shown", async () => {
  await using network = await startTestWorker();
  const { coordinator } = network;
  coordinator.answer = { ...coordinator.answer, multiplier: "1.8000" };
  await coordinator.beats.next();
  await nextBeat(network);
  await expect.poll(() => network.worker.status().multiplier).toBe("1.8000");
});

test("after three failures in a row no change makes a node call out of turn; a coordinator that is back is found by itself", async () => {
  await using network = await startTestWorker();
  const { coordinator, worker, clock } = network;
  await coordinator.beats.next();
  coordinator.isDown = true;
  for (let failure = 1; failure <= 3; failure += 1) await network.until(coordinator.missed.next());
  // Each of these would be told at once.
  for (let change = 0; change < 20; change += 1) {
    worker.pause();
    worker.resume();
    await network.until(Promise.resolve(), 100);
  }
  expect(coordinator.missed.all).toHaveLength(3);
  for (let failure = 4; failure <= 8; failure += 1) await network.until(coordinator.missed.next());
  coordinator.isDown = false;
  const before = clock.monotonic();
  expect((await nextBeat(network)).status).toBe("IDLE");
  expect(clock.monotonic() - before).toBeLessThanOrEqual(47_000);
  worker.pause();
  expect(await nextBeat(network)).toMatchObject({ status: "PAUSED" });
});
