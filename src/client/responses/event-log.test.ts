import { expect, test } from "vitest";
import { createEventLog } from "./event-log.ts";

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ sequence_number: from + index }));
const never = new AbortController().signal;

async function numbersOf(groups: AsyncIterable<{ sequence_number: number }[]>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const group of groups) numbers.push(...group.map((event) => event.sequence_number));
  return numbers;
}

test("whoever follows hears what was and what comes, from where they left off, until the end", async () => {
  const log = createEventLog();
  log.add(numbered(0, 3));
  const heard = [numbersOf(log.follow(-1, never)), numbersOf(log.follow(1, never))];
  log.add(numbered(3, 5));
  log.end();
  expect(await Promise.all(heard)).toEqual([
    [0, 1, 2, 3, 4],
    [2, 3, 4],
  ]);
  expect(await numbersOf(log.follow(4, never))).toEqual([]);
});

test("who stops following is let go at once", async () => {
  const control = new AbortController();
  const heard = numbersOf(createEventLog().follow(-1, control.signal));
  control.abort(new Error("left"));
  await expect(heard).rejects.toThrow("left");
});

test("of a very long answer the beginning is dropped, and whoever needs it is told", async () => {
  const log = createEventLog(100);
  log.add(numbered(0, 10));
  expect(log.reaches(-1)).toBe(false);
  expect(log.reaches(8)).toBe(true);
  await expect(numbersOf(log.follow(-1, never))).rejects.toMatchObject({
    code: "stream_truncated",
  });
});

test("what is larger than all that is kept can be read once", async () => {
  const log = createEventLog(1);
  log.add(numbered(0, 1));
  log.end();
  expect(await numbersOf(log.follow(-1, never))).toEqual([0]);
});
