import { expect, test } from "vitest";
import { expiryPauseMs, recoveryAt } from "./recovery.ts";

test.each([
  ["new books", undefined, { expireFrom: 1_000_000, downMs: 0 }],
  ["a restart", 990_000, { expireFrom: 1_000_000 + expiryPauseMs, downMs: 0 }],
  ["an outage", 100_000, { expireFrom: 1_000_000 + expiryPauseMs, downMs: 900_000 }],
  ["a clock that was set back", 2_000_000, { expireFrom: 1_000_000 + expiryPauseMs, downMs: 0 }],
])("after %s", (_name, lastAlive, recovery) => {
  expect(recoveryAt(1_000_000, lastAlive)).toEqual(recovery);
});
