/** The long campaign of `mutated-statements.test.ts`, in parts at once. */
import { expect, test } from "vitest";
import { sendMutated } from "./mutation/campaign.ts";

const statements = 100_000;
const parts = 2;

test.concurrent.each(Array.from({ length: parts }, (_, part) => part + 1))(
  `100,000 mutated statements: part %i of ${parts}`,
  { timeout: 1_800_000 },
  async () => {
    const tally = await sendMutated(statements / parts);
    expect((tally.get("re-signed") ?? 0) + (tally.get("forged") ?? 0)).toBe(statements / parts);
  },
);
