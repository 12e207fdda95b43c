/**
 * Whether the machine is its owner's at this moment, as one pure machine fed with samples.
 *
 *   starting ──the first sample: quiet, or nothing to measure──▶ away
 *   starting ──any other first sample──▶ present
 *   away ──others' load above 25 % in two samples, or a rule──▶ present
 *   present ──30 s of samples with others' load under 10 % and no rule──▶ away
 *
 * Between the two marks nothing changes, so that load which hovers around one of them does not flap the state. A sample
 * of which our own work hides the others' load neither brings the owner back nor counts as quiet.
 */

/** Why the machine counts as its owner's. */
export const reasons = ["load", "program", "schedule", "battery", "temperature"] as const;
export type Reason = (typeof reasons)[number];

/** In percent; `hidden` where it cannot be told from our own, `unknown` where nothing measures it. */
export type OthersLoad = number | "hidden" | "unknown";

export interface Sample {
  /** Monotonic, ms. */
  at: number;
  /** Of whatever is not ours: the busiest device's. */
  othersLoad: OthersLoad;
  /** Which of the owner's rules says that the machine is theirs. */
  rule: Exclude<Reason, "load"> | undefined;
}

export type Presence =
  | { kind: "starting" }
  | { kind: "away"; busySamples: number }
  | {
      kind: "present";
      reason: Reason;
      /** Monotonic, ms. */
      quietSince: number | undefined;
    };

export const marks = { quietBelow: 10, busyAbove: 25, busySamples: 2, quietMs: 30_000 } as const;

export const atStart: Presence = { kind: "starting" };
const away: Presence = { kind: "away", busySamples: 0 };

const isQuiet = ({ othersLoad, rule }: Sample): boolean =>
  rule === undefined &&
  (othersLoad === "unknown" || (othersLoad !== "hidden" && othersLoad < marks.quietBelow));
const isBusy = ({ othersLoad }: Sample): boolean =>
  typeof othersLoad === "number" && othersLoad > marks.busyAbove;

export function next(presence: Presence, sample: Sample): Presence {
  const isPresent = (reason: Reason): Presence => ({
    ...{ kind: "present", reason, quietSince: undefined },
  });
  if (sample.rule) return isPresent(sample.rule);
  switch (presence.kind) {
    case "starting":
      return isQuiet(sample) ? away : isPresent("load");
    case "away": {
      if (sample.othersLoad === "hidden") return presence;
      if (!isBusy(sample)) return away;
      const busySamples = presence.busySamples + 1;
      return busySamples < marks.busySamples ? { kind: "away", busySamples } : isPresent("load");
    }
    case "present": {
      if (isBusy(sample)) return isPresent("load");
      if (!isQuiet(sample)) return { ...presence, quietSince: undefined };
      const quietSince = presence.quietSince ?? sample.at;
      return sample.at - quietSince >= marks.quietMs ? away : { ...presence, quietSince };
    }
    default:
      return presence satisfies never;
  }
}
