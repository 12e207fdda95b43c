/** A worker that is asked to stop: what runs may end, for five minutes, and everybody is told. */
import { expect, test } from "vitest";
import { readReply } from "../../test/support/fake-engine/infer-client.ts";
import { gatedText } from "../../test/support/fake-engine/script.ts";
import { startTestWorker } from "../../test/support/fake-engine/test-worker.ts";
import { limits } from "../protocol/limits.ts";

const words = Array.from({ length: 32 }, () => "word ");

test("a stream may run for five minutes more, and is ended then, unpaid; nothing new is let in", async () => {
  await using network = await startTestWorker({ script: gatedText(...words) });
  const { engine, clock, worker, coordinator } = network;
  const ticket = await network.ticket({ budget: "100000.000000" });
  const { response } = network.start({ ticket });
  engine.next();
  const reply = readReply(await response);
  const stopped = worker[Symbol.asyncDispose]();

  while ((await coordinator.beats.next()).status !== "DRAINING");
  expect(await (await fetch(`${worker.url}/health`)).json()).toMatchObject({ status: "stopping" });
  expect(await network.ask({ ticket, k: 2 })).toMatchObject({ code: "draining", status: 503 });

  // An engine that says something now and then is not given up for its silence.
  const stepMs = limits.drainMs / 30;
  for (let passedMs = 0; passedMs < limits.drainMs - stepMs; passedMs += stepMs) {
    engine.next();
    await clock.advance(stepMs);
  }
  expect(worker.status()).toMatchObject({ status: "DRAINING", slots: { active: 1 } });
  expect(engine.aborted.all).toEqual([]);
  await clock.advance(stepMs);
  expect(await reply).toMatchObject({
    code: "draining",
    line: { finish: "worker_error", cost: "0.000000" },
  });
  await engine.aborted.next();
  await stopped;
  expect((await coordinator.lines.next()).line).toEqual((await reply).line);
  expect(coordinator.beats.all.at(-1)).toMatchObject({ status: "OFFLINE", running: [] });
});
