/** Time: engines that fall silent, readers that do not read, and a worker that is about to stop. */
import { expect, test, vi } from "vitest";
import {
  openRequest,
  readReply,
  requestBytes,
} from "../../../test/support/fake-engine/infer-client.ts";
import { flood, gatedText, stalling } from "../../../test/support/fake-engine/script.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { limits } from "../../protocol/limits.ts";

test("an engine without progress for five minutes is given up, with an error and a line", async () => {
  await using network = await startTestWorker({ script: stalling("some", "words") });
  const { engine, clock } = network;
  const { response } = network.start({ ticket: await network.ticket() });
  const reply = readReply(await response);
  await clock.advance(299_000);
  expect(engine.aborted.all).toEqual([]);
  await clock.advance(1_000);
  expect(await reply).toMatchObject({ status: 200, code: "timeout", line: { finish: "timeout" } });
  await engine.aborted.next();
});

test("an engine that never says anything: 504, and nothing is charged", async () => {
  await using network = await startTestWorker({
    script: { type: "stream", steps: [{ type: "stall" }] },
  });
  const { response } = network.start({ ticket: await network.ticket() });
  await network.engine.requests.next();
  const reply = network.until(response.then(readReply), 60_000);
  expect(await reply).toMatchObject({ status: 504, code: "timeout", line: undefined });
  network.worker.flush();
  const { line } = await network.coordinator.lines.next();
  expect(line).toMatchObject({ finish: "timeout", cost: "0.000000" });
});

test("a request ends after the ticket's longest time, however lively the engine", async () => {
  const words = Array.from({ length: 50 }, () => "word");
  await using network = await startTestWorker({ script: gatedText(...words) });
  const { engine, clock } = network;
  const { response } = network.start({ ticket: await network.ticket({ max_seconds: 30 }) });
  const reply = response.then(readReply);
  await engine.requests.next();
  for (let second = 0; second < 30; second += 1) {
    engine.next();
    await clock.advance(1_000);
  }
  expect(await reply).toMatchObject({ code: "timeout", line: { finish: "timeout" } });
  await engine.aborted.next();
});

test("a reader that takes nothing for thirty seconds is hung up on, its waiting not billed", async () => {
  await using network = await startTestWorker({ script: flood });
  const { request, response } = network.start({ ticket: await network.ticket() });
  request.on("error", () => undefined);
  const message = await response;
  message.on("error", () => undefined).pause();
  await network.until(network.engine.aborted.next(), 1_000);
  network.worker.flush();
  const { line } = await network.coordinator.lines.next();
  expect(line.finish).toBe("client_gone");
  // At least the thirty seconds since its buffers were full are not billed.
  expect(network.clock.monotonic() - line.billed_ms).toBeGreaterThanOrEqual(30_000);
  // What went into the sockets' buffers on the way, and not thirty seconds of flood.
  expect(network.engine.floodedBytes).toBeLessThan(128 * 1_024 * 1_024);
});

test("draining lets a stream finish; its receipt is delivered before the worker is gone", async () => {
  await using network = await startTestWorker({ script: gatedText("a", "b") });
  const { engine, worker, coordinator } = network;
  const { response } = network.start({ ticket: await network.ticket() });
  engine.next();
  const message = await response;
  const stopped = worker[Symbol.asyncDispose]();
  while ((await coordinator.beats.next()).status !== "DRAINING");
  engine.next();
  engine.next();
  const { line } = await readReply(message);
  expect(line).toMatchObject({ finish: "stop" });
  await stopped;
  expect((await coordinator.lines.next()).line).toEqual(line);
  expect(coordinator.beats.all.at(-1)).toMatchObject({ status: "OFFLINE", running: [] });
});

test("whoever cannot wait ends the streams: an error event, a line that costs nothing", async () => {
  await using network = await startTestWorker({ script: gatedText("a", "b") });
  const { engine, worker } = network;
  const { response } = network.start({ ticket: await network.ticket() });
  engine.next();
  const reply = readReply(await response);
  await worker.drain(AbortSignal.abort());
  expect(await reply).toMatchObject({
    code: "draining",
    line: { finish: "worker_error", cost: "0.000000" },
  });
});

test("whoever was not let in does not keep a worker that is to stop", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  await network.ask({ ticket, k: 1 });
  // Its head never comes, and the clock stands still: neither does the end of the wait for it.
  const { request } = openRequest({ url: network.worker.url, ticket, k: 2 });
  request.on("error", () => undefined).flushHeaders();
  await (await fetch(`${network.worker.url}/health`)).text();
  await network.worker.drain();
  request.destroy();
});

test("a request whose body was still on its way when the streams were ended is ended too", async () => {
  await using network = await startTestWorker({ script: gatedText("a") });
  const ticket = await network.ticket();
  const bytes = requestBytes({ url: "", ticket });
  const { request, response } = openRequest({ url: network.worker.url, ticket });
  request.write(bytes.subarray(0, -1));
  await expect.poll(() => network.worker.status().slots.active).toBe(1);
  const drained = network.worker.drain(AbortSignal.abort());
  request.end(bytes.subarray(-1));
  expect(await readReply(await response)).toMatchObject({ code: "draining" });
  await drained;
});

test("a reader that takes nothing does not keep a worker that cannot wait", async () => {
  await using network = await startTestWorker({ script: flood });
  const { request, response } = network.start({ ticket: await network.ticket() });
  request.on("error", () => undefined);
  const message = await response;
  message.on("error", () => undefined).pause();
  await network.engine.requests.next();
  // All that fits on the way is on the way: what follows waits for the reader.
  for (let before = -1; before !== network.engine.floodedBytes;) {
    before = network.engine.floodedBytes;
    for (let trip = 0; trip < 10; trip += 1)
      await (await fetch(`${network.worker.url}/health`)).text();
  }
  const started = network.clock.now();
  await network.until(network.worker.drain(AbortSignal.abort()), 1_000);
  expect(network.clock.now() - started).toBeLessThan(limits.slowReaderMs);
  // Nor does it when it is stopped behind that.
  const drained = network.clock.now();
  let isStopped = false;
  void network.worker[Symbol.asyncDispose]().then(() => (isStopped = true));
  const stopped = async () => {
    await network.clock.advance(1_000);
    return isStopped;
  };
  await vi.waitUntil(stopped, { timeout: 20_000 });
  expect(network.clock.now() - drained).toBeLessThan(limits.slowReaderMs / 2);
});
