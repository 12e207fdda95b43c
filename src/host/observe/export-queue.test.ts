/** A collector that is slow, dead or choosy costs nothing but what it does not get. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createExportQueue, type Sent } from "./export-queue.ts";

function begin() {
  const clock = createFakeClock();
  const got: number[][] = [];
  let answer: () => Promise<Sent> = async () => "taken";
  const queue = createExportQueue<number>({
    ...{ clock, random: systemRandom, most: 1_000, delayMs: 5_000, timeoutMs: 10_000 },
    async send(items, signal) {
      got.push([...items]);
      return Promise.race([
        answer(),
        new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      ]);
    },
  });
  return {
    ...{ clock, got, queue },
    answerWith(next: () => Promise<Sent>) {
      answer = next;
    },
  };
}

test("what comes within a while is sent together", async () => {
  const { clock, got, queue } = begin();
  queue.add(1);
  queue.add(2);
  expect(got).toEqual([]);
  await clock.advance(5_000);
  expect(got).toEqual([[1, 2]]);
  expect(queue.dropped).toBe(0);
});

test("where the collector never answers, the queue stays bounded and what is too much is counted", async () => {
  const { clock, got, queue, answerWith } = begin();
  answerWith(() => new Promise(() => undefined));
  for (let item = 0; item < 5_000; item += 1) queue.add(item);
  expect(queue.dropped).toBe(4_000);
  await clock.advance(60_000);
  expect(got.length).toBeGreaterThan(0);
  expect(got.length).toBeLessThan(10);
});

test("what it could not take it gets later, in order and once", async () => {
  const { clock, got, queue, answerWith } = begin();
  answerWith(() => Promise.reject(new Error("connection refused")));
  queue.add(1);
  await clock.advance(5_000);
  answerWith(async () => "taken");
  queue.add(2);
  await clock.advance(60_000);
  await clock.advance(60_000);
  expect(got).toEqual([[1], [1, 2]]);
  expect(queue.dropped).toBe(0);
});

test("what it will not take is dropped, and stands in nothing's way", async () => {
  const { clock, got, queue, answerWith } = begin();
  answerWith(async () => "never");
  queue.add(1);
  await clock.advance(5_000);
  answerWith(async () => "taken");
  queue.add(2);
  await clock.advance(5_000);
  expect(got).toEqual([[1], [2]]);
  expect(queue.dropped).toBe(1);
});

test("at the end all that waits is sent, and no more is taken", async () => {
  const { got, queue } = begin();
  for (let item = 0; item < 600; item += 1) queue.add(item);
  await queue[Symbol.asyncDispose]();
  expect(got.flat()).toHaveLength(600);
  queue.add(1);
  expect(queue.dropped).toBe(1);
});
