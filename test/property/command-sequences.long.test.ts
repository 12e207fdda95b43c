/** Many more sequences than `command-sequences.test.ts` tries: all shards at once, each on a database of its own. */
import { expect, test } from "vitest";
import { compareSequences } from "./compare.ts";

const sequences = 10_000;
const shards = 4;

test.concurrent.each(Array.from({ length: shards }, (_, shard) => shard + 1))(
  `10,000 sequences of commands leave model and PostgreSQL with the same balances: part %i of ${shards}`,
  { timeout: 1_800_000 },
  async () => {
    expect((await compareSequences(sequences / shards)).sequences).toBe(sequences / shards);
  },
);
