/** How much of bodies is in memory at once: of one caller, of all who are known, and of all whom nobody knows. Pure. */
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

/** Whose memory a body counts as. */
export interface Holder {
  /** Proven to be an account or node of ours. */
  isKnown: boolean;
  /** Its id, or the network it comes from; undefined where only all together are counted. */
  key: string | undefined;
}

const retryAfterMs = 5_000;

export function createBodiesInFlight() {
  const together = { known: 0, strangers: 0 };
  const byKey = new Map<string, number>();
  const groupOf = ({ isKnown }: Holder) => (isKnown ? "known" : "strangers");

  function add(holder: Holder, bytes: number): void {
    together[groupOf(holder)] += bytes;
    if (holder.key === undefined) return;
    const held = (byKey.get(holder.key) ?? 0) + bytes;
    if (held === 0) byKey.delete(holder.key);
    else byKey.set(holder.key, held);
  }

  return {
    /** @throws TroopError `rate_limit_exceeded`; then nothing more is held */
    hold(holder: Holder, bytes: number): void {
      const most = holder.isKnown ? limits.knownBytesInFlight : limits.strangersBytesInFlight;
      const own = byKey.get(holder.key ?? "") ?? 0;
      if (own + bytes > limits.callerBytesInFlight || together[groupOf(holder)] + bytes > most)
        throw new TroopError("rate_limit_exceeded", "Too much is being sent here at once.", {
          retryAfterMs,
        });
      add(holder, bytes);
    },
    release: (holder: Holder, bytes: number): void => add(holder, -bytes),
  };
}
