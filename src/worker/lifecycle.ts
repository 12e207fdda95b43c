/**
 * What the worker is doing, as one pure machine.
 *
 *   starting ──ready──▶ serving ──pause──▶ paused
 *                          ◀────resume────
 *                       serving ──prove──▶ proving ──proven──▶ serving
 *   starting, serving, proving, paused ──drain──▶ draining ──stop──▶ offline
 *   any ──stop──▶ offline
 *
 * IDLE and BUSY, which peers see, are not states of the machine: they follow from free slots while it serves.
 */
import type { ErrorCode } from "../protocol/error-codes.ts";
import type { NodeStatus } from "../protocol/node.ts";

export type WorkerState = "starting" | "serving" | "proving" | "paused" | "draining" | "offline";
export type WorkerEvent = "ready" | "pause" | "resume" | "prove" | "proven" | "drain" | "stop";

const transitions: Readonly<
  Record<WorkerState, Readonly<Partial<Record<WorkerEvent, WorkerState>>>>
> = {
  starting: { ready: "serving", pause: "paused", drain: "draining", stop: "offline" },
  serving: { pause: "paused", prove: "proving", drain: "draining", stop: "offline" },
  proving: { proven: "serving", pause: "paused", drain: "draining", stop: "offline" },
  paused: { resume: "serving", drain: "draining", stop: "offline" },
  draining: { stop: "offline" },
  offline: {},
};

/** An event that means nothing in a state leaves it as it is: a second `drain` is no mistake. */
export const nextState = (state: WorkerState, event: WorkerEvent): WorkerState =>
  transitions[state][event] ?? state;

/** What the heartbeat says. */
export function statusOf(state: WorkerState, hasFreeSlot: boolean): NodeStatus {
  switch (state) {
    case "serving":
      return hasFreeSlot ? "IDLE" : "BUSY";
    case "starting":
    case "paused":
      return "PAUSED";
    case "proving":
      return "PROVING";
    case "draining":
      return "DRAINING";
    case "offline":
      return "OFFLINE";
    default:
      return state satisfies never;
  }
}

/** Why a new request is refused in this state; undefined where it is not. */
export function refusalIn(state: WorkerState): ErrorCode | undefined {
  switch (state) {
    case "serving":
      return undefined;
    case "starting":
    case "proving":
      return "busy";
    case "paused":
      return "owner_busy";
    case "draining":
    case "offline":
      return "draining";
    default:
      return state satisfies never;
  }
}
