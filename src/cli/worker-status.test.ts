/** `troop worker status` with work and without, and the commands that point to it. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTestWorker, type TestWorker } from "../../test/support/fake-engine/test-worker.ts";
import { leaveRunFile } from "../host/run-file.ts";
import { createMachine } from "./command-line.fixture.ts";

/** A machine on which that worker runs. */
function machineOf({ dataFolder, worker, coordinator }: TestWorker) {
  const made = createMachine("http://127.0.0.1:9");
  symlinkSync(dataFolder, join(made.folder, "worker"));
  leaveRunFile(made.folder, "worker", {
    ...{ url: worker.url, pid: process.pid, coordinator: coordinator.url },
  });
  return made;
}

test("a request shows what it was and that its receipt waits, then what the coordinator said of it", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  const show = async () => (await here.troopAlone("worker", "status")).stdout;
  const ticket = await network.ticket({ sub: "them" });
  const { line } = await network.ask({ ticket, k: 2 });
  const job = ["test-model", "stop", line!.cost, `${ticket.claims.jti}.2`, "them"];
  const waiting = await show();
  for (const part of [...job, "waiting", "Today (UTC): 1 request"]) expect(waiting).toContain(part);
  expect(waiting).not.toContain("No work");
  await network.clock.advance(2_000);
  await network.coordinator.lines.next();
  await expect.poll(() => network.worker.pending()).toBe(0);
  const answered = await show();
  for (const part of [...job, "vesting"]) expect(answered).toContain(part);
  const { json } = await here.troopAlone("worker", "status", "--json");
  expect(json.work).toMatchObject({
    ...{ no_work: null, models: [{ name: "test-model", context_length: null }] },
    ...{ today: { requests: 1 }, jobs: [{ model: "test-model", receipt: "vesting" }] },
  });
});

test("what was served and earned is still known after a restart", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  const ticket = await network.ticket();
  await network.ask({ ticket });
  await network.restart();
  const { json } = await here.troopAlone("worker", "status", "--json");
  expect(json.work.jobs).toMatchObject([{ hold: ticket.claims.jti, receipt: "vesting" }]);
});

test("a worker without work says why and what to do; `status` and `doctor` point to it", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  network.worker.pause();
  const { stdout } = await here.troopAlone("worker", "status");
  expect(stdout).toContain("No work (paused): You paused it.\n  try: troop worker resume");
  const status = await here.troopAlone("status");
  expect(status.stdout).toContain(
    "The worker has no work: You paused it. See: troop worker status",
  );
  const { json } = await here.troop("doctor", "--json");
  expect(json.findings).toContainEqual({
    ...{ check: "roles", level: "warning", code: "paused" },
    ...{ cause: "The worker has no work: You paused it.", run: "troop worker status" },
  });
});

test("where the coordinator does not say what people ask for, the status does without", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  network.coordinator.isDown = true;
  const { json, code } = await here.troopAlone("worker", "status", "--json");
  expect(code).toBe(0);
  expect(json.work).toMatchObject({ no_work: { code: "demand_unknown" }, unserved: null });
});

test("a worker whose engines are gone does not call itself full", async () => {
  await using network = await startTestWorker({ slots: 0 });
  using here = machineOf(network);
  expect((await here.troopAlone("worker", "status")).stdout).toContain("BUSY: no engine answers.");
});
