import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { Path } from "./path.ts";
import { watchPath } from "./watch-path.ts";

const path: Path = { kind: "direct", origin: "http://192.0.2.1:8080", prefix: "" };

function watched(answers: () => Promise<void>) {
  const clock = createFakeClock();
  const asked: number[] = [];
  const outer = new AbortController();
  const probe = () => {
    asked.push(clock.monotonic());
    return answers();
  };
  return { clock, asked, outer, watch: watchPath({ clock, probe }, path, outer.signal) };
}
const refused = () => Promise.reject(new Error("nobody"));

test("silence on a path where nobody answers any more ends the request", async () => {
  const { clock, watch } = watched(refused);
  // One question may get lost; the second counts.
  await clock.advance(3_999);
  expect(watch.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(watch.signal.reason).toMatchObject({ code: "path_lost" });
});

test("silence alone does not: an engine may think for minutes", async () => {
  const { clock, watch, asked } = watched(() => Promise.resolve());
  await clock.advance(60_000);
  expect(watch.signal.aborted).toBe(false);
  expect(asked.length).toBeGreaterThan(5);
});

test("one question that is lost now and then does not add up", async () => {
  let asked = 0;
  const { clock, watch } = watched(() => ((asked += 1) % 2 === 1 ? refused() : Promise.resolve()));
  await clock.advance(60_000);
  expect(asked).toBeGreaterThan(6);
  expect(watch.signal.aborted).toBe(false);
});

test("while something comes nobody is asked", async () => {
  const { clock, watch, asked } = watched(refused);
  for (let second = 0; second < 10; second += 1) {
    await clock.advance(1_000);
    watch.touch();
  }
  expect(asked).toEqual([]);
  await clock.advance(4_000);
  expect(watch.signal.aborted).toBe(true);
});

test("a request that is over is watched no more, and its own signal counts meanwhile", async () => {
  const over = watched(refused);
  over.watch[Symbol.dispose]();
  await over.clock.advance(10_000);
  expect([over.asked, over.watch.signal.aborted]).toEqual([[], false]);
  const left = watched(refused);
  left.outer.abort(new Error("the application left"));
  expect(left.watch.signal.reason).toMatchObject({ message: "the application left" });
});
