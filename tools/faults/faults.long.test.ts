/** Three rounds of `npm run faults`: real processes killed and paused under load, and their books read afterwards. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Row } from "./campaign.ts";

const program = join(import.meta.dirname, "..", "faults.ts");
const timeout = 1_200_000;

test(
  "whatever is killed or paused under load, nothing acknowledged is lost and nobody pays twice",
  { timeout },
  async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, "--rounds", "3", "--json"],
      { timeout },
    );
    const { victims } = JSON.parse(stdout) as { victims: Row[] };
    const names = [
      "coordinator on PGlite",
      "coordinator on PostgreSQL",
      "PostgreSQL",
      "Redis",
      "replica",
      "worker",
      "relay",
    ];
    expect(victims.map(({ victim, fault }) => `${victim} ${fault}`)).toEqual(
      names.flatMap((name) => [`${name} killed`, `${name} paused`]),
    );
    for (const row of victims) {
      expect(row, row.victim).toMatchObject({ rounds: 3, lost: 0, doubleCharges: 0, offences: [] });
      expect(row.converged, row.victim).toBe(row.retried);
      expect(row.acknowledged, row.victim).toBeGreaterThan(0);
    }
    const relayKilled = victims.find(
      ({ victim, fault }) => victim === "relay" && fault === "killed",
    );
    // Streams were open each time, and broke.
    expect(relayKilled?.retried).toBeGreaterThanOrEqual(3);
  },
);
