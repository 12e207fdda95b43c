/** Tampered and dishonest statements: two thousand here, a hundred thousand in `npm run test:long`. */
import { expect, test } from "vitest";
import { sendMutated } from "./mutation/campaign.ts";

/** The same mutations each time: that every answer comes up is no matter of luck. The long campaign draws others. */
const seed = 20_261_121;

test(
  "2,000 mutated statements, half of them signed by the right key: paid within the hold, once, only for numbers shown",
  { timeout: 240_000 },
  async ({ annotate }) => {
    const tally = await sendMutated(2_000, seed);
    void annotate(JSON.stringify([...tally]));
    expect([tally.get("re-signed"), tally.get("forged")]).toEqual([1_000, 1_000]);
    // The mutations reach the rules behind the signature.
    for (const outcome of [
      ...["settled", "vesting", "waiting", "replayed", "receipt_conflict", "request_unproven"],
      ...["budget_exhausted", "invalid_signature", "hold_not_found", "clock_skew"],
    ])
      expect(tally.get(`re-signed: ${outcome}`) ?? 0, outcome).toBeGreaterThan(0);
  },
);
