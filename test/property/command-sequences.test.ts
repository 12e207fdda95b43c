/** The ledger against a model that was written from its text alone. `npm run test:long` tries many more. */
import { expect, test } from "vitest";
import { compareSequences } from "./compare.ts";

/** The same sequences each time: that every answer comes up is no matter of luck. The long campaign draws others. */
const seed = 20_261_121;

test(
  "300 sequences of commands leave model and PostgreSQL with the same balances after every step",
  { timeout: 240_000 },
  async ({ annotate }) => {
    const { sequences, steps, answers } = await compareSequences(300, seed);
    void annotate(`${sequences} sequences, ${steps} steps, ${JSON.stringify([...answers])}`);
    expect(sequences).toBe(300);
    // A campaign in which something never happens shows nothing about it.
    for (const answer of [
      ...["opened", "replayed", "insufficient", "idempotency_mismatch", "hold_not_found"],
      ...["settled", "vesting", "waiting", "unpaid", "budget_exhausted"],
      ...["receipt_conflict", "request_unproven", "given", "not_transferable"],
      ...["ended settled", "ended reversed", "ended waiting", "to the commons"],
    ])
      expect(answers.get(answer) ?? 0, answer).toBeGreaterThan(0);
  },
);
