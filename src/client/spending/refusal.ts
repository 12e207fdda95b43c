/** How a cap refuses: which, how much is spent, and when there is room. Pure. */
import { formatCredits, type Micro } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Room, Window } from "./caps.ts";

export interface CapReached {
  cap: Micro;
  window: Window;
  /** Whose cap it is; undefined: everybody's. */
  application: string | undefined;
  amount: Micro;
  /** Spent in the window, with what is set aside for those that run. */
  all: Micro;
  running: Micro;
  room: Room;
}

/** Answers that run take about as long. */
const soonMs = 10_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Credits as people write them: `0.5` rather than `0.500000`. */
export const shortCredits = (amount: Micro): string => formatCredits(amount).replace(/\.?0+$/, "");

const spans: Readonly<Record<Window, string>> = { hourly: "an hour", daily: "a day" };

export function capReached(reached: CapReached): TroopError {
  const { cap, window, application, amount, all, running, room } = reached;
  const whose = application === undefined ? "The cap" : `The cap of the key "${application}"`;
  const runs = running > 0n ? ` and ${shortCredits(running)} set aside for answers that run` : "";
  const text = [
    `${whose} is ${shortCredits(cap)} credits ${spans[window]}:`,
    `${shortCredits(all - running)} are spent${runs},`,
    `and ${shortCredits(amount)} would be set aside for this request.`,
    whenOf(room),
  ].join(" ");
  const retryAfterMs = retryMsOf(room);
  return new TroopError("spending_cap", text, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function whenOf(room: Room): string {
  switch (room.kind) {
    case "later":
      return `There is room in ${durationOf(room.inMs)}.`;
    case "soon":
      return "There may be room when those are done.";
    case "never":
      return "That is more than the cap alone: state a smaller `max_tokens`, or raise the cap.";
    default:
      return room satisfies never;
  }
}

function durationOf(ms: number): string {
  if (ms < 90 * minuteMs) return `${Math.max(1, Math.ceil(ms / minuteMs))} min`;
  return `${Math.ceil(ms / hourMs)} h`;
}

function retryMsOf(room: Room): number | undefined {
  switch (room.kind) {
    case "later":
      return room.inMs;
    case "soon":
      return soonMs;
    case "never":
      return undefined;
    default:
      return room satisfies never;
  }
}
