/** A worker that is killed in the middle of an answer: another goes on with it, and nobody is paid twice for one part. */
import { expect, test } from "vitest";
import { createDiskPool } from "./disk-pool.ts";
import { simulateSurvivedKill } from "./survived-kill.ts";

const kills = 100;
const leastShare = 0.99;

test(
  `of ${kills} answers whose worker is killed, at least ${leastShare * 100} % end as if nothing had been`,
  { timeout: 120_000 },
  async () => {
    const disks = createDiskPool();
    let killed = 0;
    let survived = 0;
    for (let seed = 1; killed < kills; seed += 1) {
      disks.giveBackAll();
      const { violations, isKilled, isAnswered, rows, payments } = await simulateSurvivedKill(
        seed,
        disks,
      );
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      if (!isKilled) continue;
      killed += 1;
      if (!isAnswered) continue;
      survived += 1;
      const later = rows.filter(({ acknowledgement }) => acknowledgement?.continues);
      const first = rows.find(
        ({ hold, k }) => `${hold}.${k}` === later[0]?.acknowledgement?.continues,
      );
      // Who died is paid nothing, unless all was said and only its end was lost; and who went on once.
      if (later.length > 0) expect(first).toMatchObject({ state: "settled" });
      if (first?.receipt?.finish === "worker_error") expect(first.cost).toBe(0n);
      expect([...payments.values()].filter((times) => times !== 1)).toEqual([]);
    }
    expect(survived).toBeGreaterThanOrEqual(leastShare * killed);
  },
);
