/** The owner's way to a running worker: a socket in its folder, that nobody else may open. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gatedText } from "../../../test/support/fake-engine/script.ts";
import { readReply } from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { systemClock } from "../../base/clock.ts";
import { callWorker, type WorkerCall } from "./call-worker.ts";
import { controlPath } from "./control-path.ts";

const call = (folder: string, method: WorkerCall["method"], path: string, body?: object) =>
  callWorker({ folder, method, path, clock: systemClock, ...(body ? { body } : {}) });
const tell = ({ dataFolder }: TestWorker, verb: string) => call(dataFolder, "POST", `/${verb}`);

test("the socket is its owner's alone, and says what the worker says of itself", async () => {
  await using network = await startTestWorker();
  expect(statSync(controlPath(network.dataFolder)).mode & 0o777).toBe(0o600);
  expect(await call(network.dataFolder, "GET", "/status")).toEqual(network.worker.status());
});

test("a pause refuses with `owner_busy` and is heard of in the next heartbeat; resuming serves again", async () => {
  await using network = await startTestWorker();
  const { coordinator, until } = network;
  await coordinator.beats.next();
  const ticket = await network.ticket();
  expect(await tell(network, "pause")).toMatchObject({ status: "PAUSED" });
  expect(await until(coordinator.beats.next())).toMatchObject({ status: "PAUSED" });
  const refused = await network.ask({ ticket });
  expect(refused).toMatchObject({ code: "owner_busy", status: 503 });
  expect(refused.headers["retry-after"]).toBe("60");
  expect(await tell(network, "resume")).toMatchObject({ status: "IDLE" });
  expect((await network.ask({ ticket })).status).toBe(200);
});

test("a pause outlives the worker, also one that was killed; so does its end", async () => {
  await using network = await startTestWorker();
  await tell(network, "pause");
  // What a killed worker leaves: a socket that nobody listens at.
  await network.restart(() => writeFileSync(controlPath(network.dataFolder), ""));
  expect(network.worker.status().status).toBe("PAUSED");
  expect(network.coordinator.beats.all.at(-1)).toMatchObject({ status: "PAUSED" });
  await tell(network, "resume");
  await network.restart();
  expect(network.worker.status().status).toBe("IDLE");
});

test("finishing completes what runs, however long it takes, and takes nothing new", async () => {
  await using network = await startTestWorker({ script: gatedText("one", "two") });
  const { engine, clock, worker } = network;
  const ticket = await network.ticket();
  const reply = network.start({ ticket }).response.then(readReply);
  await engine.requests.next();
  engine.next();
  expect(await tell(network, "finish")).toMatchObject({ status: "DRAINING" });
  let isFinished = false;
  void worker.finished.then(() => (isFinished = true));
  expect(await network.ask({ ticket, k: 2 })).toMatchObject({ code: "draining" });
  // Longer than a worker that is told to stop would wait.
  for (let minute = 0; minute < 6; minute += 1) {
    await clock.advance(60_000);
    if (minute === 3) engine.next();
  }
  expect(isFinished).toBe(false);
  engine.next();
  expect((await reply).line).toMatchObject({ finish: "stop" });
  await worker.finished;
});

test.each([
  ["GET", "/pause"],
  ["POST", "/status"],
  ["POST", "/nothing"],
] as const)("%s %s means nothing", async (method, path) => {
  await using network = await startTestWorker();
  await expect(call(network.dataFolder, method, path)).rejects.toMatchObject({ code: "not_found" });
});

test("what is too long to be meant is refused, and the worker goes on", async () => {
  await using network = await startTestWorker();
  const much = { text: "x".repeat(100_000) };
  await expect(call(network.dataFolder, "POST", "/pause", much)).rejects.toMatchObject({
    code: "request_too_large",
  });
  expect(await call(network.dataFolder, "GET", "/status")).toMatchObject({ status: "IDLE" });
});

test("where no worker runs, or one was killed, nobody answers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "troop-worker-"));
  try {
    expect(await call(folder, "GET", "/status")).toBeUndefined();
    writeFileSync(controlPath(folder), "");
    expect(await call(folder, "GET", "/status")).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a folder whose path is too long for a socket is named; on Windows a pipe stands for it", () => {
  expect(() => controlPath(`/${"x".repeat(100)}`, "linux")).toThrow(/103 bytes/);
  expect(controlPath(`/${"x".repeat(100)}`, "win32")).toMatch(/^\\\\\.\\pipe\\troop-worker-/);
});
