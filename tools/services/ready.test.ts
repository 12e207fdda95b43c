import { expect, test } from "vitest";
import { freePort } from "./ready.ts";

test("no port is given twice, though nobody listens on it yet", async () => {
  const given: number[] = [];
  // Drawn from twelve thousand, some of so many would meet.
  for (let count = 0; count < 400; count += 1) given.push(await freePort());
  expect(new Set(given).size).toBe(given.length);
});
