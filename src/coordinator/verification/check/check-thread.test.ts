import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { systemRandom } from "../../../base/random.ts";
import { limits } from "../../../protocol/limits.ts";
import { chainTask, drawRows } from "../challenge.ts";
import { checkOpening, type Claim } from "./check-opening.ts";
import { createCheckThread } from "./check-thread.ts";
import { memoryTask } from "../memory-challenge.ts";

const binding = { session: "a-session", node: "a-node" };
const task = chainTask(new Uint8Array(32), binding, { n: 256, layers: 4 });
/** One that is refused only after its keys were made and its roots read. */
const claim: Claim = {
  ...{ binding, task, asked: drawRows(systemRandom, task) },
  commitment: new Uint8Array(32),
  opening: { layer_roots: "A".repeat(171), rows: [] },
};
const refused = checkOpening(claim, systemRandom.bytes(4 * task.n));

test("the thread's verdict is the check's", async () => {
  expect(refused).toEqual({ kind: "other_commitment" });
  await using thread = createCheckThread({ clock: systemClock, random: systemRandom });
  expect(await thread.check(claim)).toEqual(refused);
});

test("it judges walks through memory too", async () => {
  const walked = memoryTask(new Uint8Array(32), binding, { segments: 1, passes: 16 });
  const memory = { binding, task: walked, commitment: new Uint8Array(32), asked: [1] };
  await using thread = createCheckThread({ clock: systemClock, random: systemRandom });
  const verdict = await thread.checkMemory({ ...memory, opening: { groups: [] } });
  expect(verdict).toEqual({ kind: "malformed" });
});

test("as many wait as may, and all are answered; one more is told to come back", async () => {
  await using thread = createCheckThread({ clock: systemClock, random: systemRandom });
  const waiting = Array.from({ length: limits.proofChecksWaiting }, () => thread.check(claim));
  await expect(thread.check(claim)).rejects.toMatchObject({ code: "rate_limit_exceeded" });
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => refused));
  expect(await thread.check(claim)).toEqual(refused);
});

test("a check that breaks, or takes too long, is no verdict, and the next one is made", async () => {
  let isLate = false;
  const clock: Clock = {
    ...systemClock,
    timer(delayMs, callback) {
      if (!isLate) return systemClock.timer(delayMs, callback);
      queueMicrotask(callback);
      return { cancel: () => undefined };
    },
  };
  await using thread = createCheckThread({ clock, random: systemRandom });
  // Never sent by a coordinator, which reads an opening before it asks what it is worth.
  const broken = { ...claim, opening: undefined as unknown as Claim["opening"] };
  await expect(thread.check(broken)).rejects.toThrow(TypeError);
  isLate = true;
  await expect(thread.check(claim)).rejects.toThrow("did not answer in time");
  isLate = false;
  expect(await thread.check(claim)).toEqual(refused);
});

test("a thread that is closed answers whoever waits with a failure, and nobody afterwards", async () => {
  const thread = createCheckThread({ clock: systemClock, random: systemRandom });
  const outcomes = [thread.check(claim), thread.check(claim)].map((outcome) =>
    expect(outcome).rejects.toThrow("ended"),
  );
  await thread[Symbol.asyncDispose]();
  await Promise.all(outcomes);
  await expect(thread.check(claim)).rejects.toThrow("ended");
});
