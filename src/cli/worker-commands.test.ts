/** `troop worker pause`, `resume`, `finish` and `status`, with a worker and without one. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTestWorker, type TestWorker } from "../../test/support/fake-engine/test-worker.ts";
import { createMachine } from "./command-line.fixture.ts";

/** A machine on which that worker runs. */
function machineOf({ dataFolder }: TestWorker) {
  const made = createMachine("http://127.0.0.1:9");
  symlinkSync(dataFolder, join(made.folder, "worker"));
  return Object.assign(made, {
    worker: (...words: string[]) => made.troopAlone("worker", ...words),
  });
}

test.each(["pause", "resume", "finish", "status"])(
  "`troop worker %s` without a worker says so, and what to type",
  async (verb) => {
    using here = createMachine("http://127.0.0.1:9");
    const failed = await here.troopAlone("worker", verb, "--json");
    expect(failed).toMatchObject({ code: 3, json: { error: { code: "worker_not_running" } } });
    expect(failed.json.error.run).toContain("troop worker");
  },
);

test("a worker is paused and resumed, and each says what it means", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  const paused = await here.worker("pause");
  expect(paused).toMatchObject({ code: 0 });
  expect(paused.stdout).toContain("troop worker resume");
  expect((await here.worker("status")).stdout).toMatch(/^PAUSED/);
  expect(await here.worker("status", "--json")).toMatchObject({
    json: { status: "PAUSED", models: ["test-model"], slots: { active: 0, total: 4 } },
  });
  expect((await here.worker("resume")).stdout).toContain("Lending again");
  expect((await here.worker("status")).stdout).toMatch(/^IDLE/);
});

test("a worker that is told to finish ends, and is not resumed", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  expect((await here.worker("finish")).stdout).toContain("ends now");
  expect((await here.worker("resume")).stdout).toContain("finishing");
  await network.worker.finished;
});

test("whom a worker does not lend to is decided while it runs, and while it does not", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  using alone = createMachine("http://127.0.0.1:9");
  const { jti: hold } = (await network.ticket()).claims;
  const them = "-them_of_whom".padEnd(43, "x");
  for (const worker of [
    here.worker,
    (...words: string[]) => alone.troopAlone("worker", ...words),
  ]) {
    expect((await worker("blocked")).stdout).toContain("Nobody");
    expect((await worker("block", them.slice(0, 12))).code).toBe(2);
    expect((await worker("block", them)).stdout).toContain(them);
    expect((await worker("blocked", "--json")).json).toEqual({ blocked: [them] });
    expect((await worker("unblock", them)).stdout).toContain("Lent to again");
    expect((await worker("unblock", them)).stdout).toContain("not blocked");
    const reported = await worker("report", `${hold}.3`, "--reason", "odd", "--json");
    expect(reported.json).toEqual({ hold, requester: null, told_coordinator: false });
    expect((await worker("report", "x", "--json")).json.error.code).toBe("invalid_value");
  }
});

test("the status shows who asked, and the owner as present where they are", async () => {
  await using network = await startTestWorker();
  using here = machineOf(network);
  const ticket = await network.ticket({ sub: "them" });
  await network.ask({ ticket, k: 2 });
  const shown = (await here.worker("status")).stdout;
  expect(shown).toContain(`${ticket.claims.jti}.2`);
  expect(shown).toContain("them");
  expect(shown).toContain("unknown");
  const { json } = await here.worker("status", "--json");
  expect(json).toMatchObject({
    presence: { state: "unknown" },
    work: { jobs: [{ requester: "them" }] },
  });
});

test.each([
  ["--yield", "later"],
  ["--for", "nobody"],
])("`troop worker %s %s` is not understood", async (...flags) => {
  using here = createMachine("http://127.0.0.1:9");
  const failed = await here.troop("worker", ...flags, "--json");
  expect(failed).toMatchObject({ code: 2, json: { error: { code: "usage" } } });
});
