/** What became of the last heartbeat: whether the coordinator knows this node now, and if not why. Pure. */
import { type ErrorCode, TroopError } from "../protocol/error-codes.ts";

export type LastBeat =
  | { kind: "none" }
  /** `at`: ms UTC. */
  | { kind: "answered"; at: number }
  /** `answeredAt`: when one was answered last, ms UTC; undefined: never. */
  | { kind: "failed"; code: ErrorCode; answeredAt: number | undefined };

export function afterFailedBeat(last: LastBeat, error: unknown): LastBeat {
  const code = error instanceof TroopError ? error.code : "internal_error";
  switch (last.kind) {
    case "none":
      return { kind: "failed", code, answeredAt: undefined };
    case "answered":
      return { kind: "failed", code, answeredAt: last.at };
    case "failed":
      return { ...last, code };
    default:
      return last satisfies never;
  }
}
