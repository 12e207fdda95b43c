import { expect, test } from "vitest";
import { createSlidingLog } from "./sliding-log.ts";

const rate = { limit: 2, windowMs: 1_000 };

test("who was quiet for longest is forgotten first, and begins anew", () => {
  const log = createSlidingLog({ names: 2, times: 100 });
  log.charge("a", rate, 0);
  log.charge("b", rate, 1);
  log.charge("a", rate, 2);
  log.charge("c", rate, 3);
  expect(log.charge("a", rate, 4).isAllowed).toBe(false);
  expect(log.charge("b", rate, 4).remaining).toBe(1);
});

test("no more times are kept than is stated, whoever they are of", () => {
  const log = createSlidingLog({ names: 100, times: 3 });
  for (const name of ["a", "a", "b", "b"]) log.charge(name, rate, 0);
  expect(log.charge("b", rate, 0).isAllowed).toBe(false);
  expect(log.charge("a", rate, 0).remaining).toBe(1);
});

test("what is taken back is free again, and nothing is taken back that was not counted", () => {
  const log = createSlidingLog({ names: 10, times: 10 });
  log.charge("a", rate, 0);
  log.charge("a", rate, 0);
  log.takeBack("a");
  expect(log.charge("a", rate, 0).isAllowed).toBe(true);
  expect(log.charge("a", rate, 0).isAllowed).toBe(false);
  log.takeBack("b");
  log.charge("b", rate, 0);
  log.takeBack("b");
  log.takeBack("b");
  expect(log.charge("b", rate, 0).remaining).toBe(1);
});
