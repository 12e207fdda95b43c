import { expect, test } from "vitest";
import { createLog } from "../host/log.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { readableLog } from "./readable-log.ts";

test("on a terminal a log line is a sentence, once in a row, with a stack only for a bug", () => {
  const shown: string[] = [];
  const log = createLog(
    "warn",
    readableLog((line) => void shown.push(line)),
  );
  const cause = new Error("connect ECONNREFUSED");
  const away = new TroopError("coordinator_unreachable", "It is away.", { cause });
  log.warn({ err: away }, "heartbeat failed");
  log.warn({ err: away }, "heartbeat failed");
  log.warn({ requests: 2 }, "lost");
  expect(shown).toEqual([
    "warn: heartbeat failed: It is away: connect ECONNREFUSED",
    "warn: lost requests=2",
  ]);
  log.error({ err: new Error("a bug") }, "failed");
  expect(shown[2]).toMatch(/^error: failed: a bug\nError: a bug\n {4}at /);
});
