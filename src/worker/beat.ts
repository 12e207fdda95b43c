/**
 * The next heartbeat, as a pure rule. `started` and `counter` order beats. A full snapshot goes out when
 * anything but load changed and until one was taken; then a short beat refers to it by its id.
 */
import type { Heartbeat, NodeSnapshot } from "../protocol/node.ts";
import { protocolVersion } from "../protocol/version.ts";

export interface BeatState {
  started: number;
  /** Counter of the last beat made. */
  counter: number;
  snapshotId: string;
  /** JSON of the snapshot under that id; empty before the first. */
  snapshot: string;
  /** The coordinator has taken that snapshot. */
  isHeld: boolean;
}

/** What the worker is at this moment. */
export interface NodeView extends Pick<Heartbeat, "status" | "slots" | "running" | "filled"> {
  snapshot: NodeSnapshot;
}

/** @param started when the process started, ms */
export const firstBeatState = (started: number): BeatState => ({
  started,
  counter: -1,
  snapshotId: "",
  snapshot: "",
  isHeld: false,
});

/** @param newId a fresh UUID, used where the snapshot changed */
export function nextBeat(
  state: BeatState,
  { status, slots, running, snapshot, filled }: NodeView,
  newId: string,
): { state: BeatState; beat: Heartbeat } {
  const text = JSON.stringify(snapshot);
  const isSame = text === state.snapshot;
  const next: BeatState = {
    started: state.started,
    counter: state.counter + 1,
    snapshotId: isSame ? state.snapshotId : newId,
    snapshot: text,
    isHeld: isSame && state.isHeld,
  };
  const { started, counter, snapshotId, isHeld } = next;
  const beat: Heartbeat = {
    ...{ started, counter, protocol: protocolVersion, status, slots, running },
    snapshot_id: snapshotId,
    ...(isHeld ? {} : { snapshot }),
    ...(filled === undefined ? {} : { filled }),
  };
  return { state: next, beat };
}

/** The coordinator answered `beat`. */
export const afterAnswer = (
  state: BeatState,
  beat: Heartbeat,
  wantsSnapshot: boolean,
): BeatState =>
  state.snapshotId === beat.snapshot_id ? { ...state, isHeld: !wantsSnapshot } : state;

/**
 * The coordinator knows a newer beat of ours than the one we sent: the clock was set back between two starts.
 * From its last pair on, every beat is newer again.
 */
export const afterStale = (
  state: BeatState,
  last: { started: number; counter: number },
): BeatState =>
  last.started === state.started
    ? { ...state, counter: Math.max(state.counter, last.counter) }
    : { ...state, started: Math.max(state.started, last.started + 1), counter: -1 };
