/** Whether the clock here is close enough to the coordinator's: every proof and ticket states a time. */
import { limits } from "../../../protocol/limits.ts";
import type { CoordinatorFacts, Desk } from "./desk.ts";
import { type Found, ok, warning } from "./finding.ts";

/** Beyond this something keeps the clock from being set. */
const noticeMs = 5_000;

export function judgeClock(facts: CoordinatorFacts): Found[] {
  if (facts.kind !== "answers")
    return [ok("clock_not_compared", "No coordinator to compare the clock with.")];
  const seconds = Math.round(Math.abs(facts.aheadMs) / 1_000);
  const side = facts.aheadMs > 0 ? "ahead of" : "behind";
  if (seconds * 1_000 < noticeMs)
    return [ok("clock_agrees", "The clock agrees with the coordinator's.")];
  const far = seconds * 1_000 > limits.clockSkewMs;
  // Roles learn the difference from each answer: they go on, but what people read and compare is wrong.
  return [
    warning(
      far ? "clock_far_off" : "clock_off",
      `The clock is ${seconds} s ${side} the coordinator's.`,
      process.platform === "darwin"
        ? "sudo sntp -sS time.apple.com"
        : "sudo timedatectl set-ntp true",
    ),
  ];
}

export const checkClock = ({ coordinator }: Desk): Found[] => judgeClock(coordinator);
