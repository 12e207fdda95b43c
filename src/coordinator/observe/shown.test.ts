/** What of the books is shown to everybody, and what stands in the way of being ready. */
import { expect, test } from "vitest";
import type { HeldLease } from "../registry/lease.ts";
import { censusOf } from "./census.ts";
import { statusFor } from "./readiness.ts";
import { shownCredits, shownRequests } from "./stats.ts";

test("requests are shown in whole tens, and not at all where fewer than five people made them", () => {
  expect(shownRequests({ requests: 57n, requesters: 5n })).toBe(50);
  expect(shownRequests({ requests: 9n, requesters: 9n })).toBe(0);
  expect(shownRequests({ requests: 5_000n, requesters: 4n })).toBeNull();
});

const sum = (kind: string, posted: bigint, accounts = 1n) => ({ kind, posted, held: 0n, accounts });

test("credits are those of people, in whole ones, and not shown where fewer than five have any", () => {
  const system = [sum("faucet", 9_000_000_000n), sum("issuance", 9_999_000_000n)];
  const people = [sum("user", 12_345_678n, 5n), sum("vesting", 1_000_000n, 2n)];
  expect(shownCredits([...system, ...people])).toBe("13.000000");
  expect(shownCredits([...system, sum("user", 12_345_678n, 4n)])).toBeNull();
  expect(shownCredits(system)).toBeNull();
});

test("without Redis a coordinator goes on; without database or schema, or while it stops, it is not asked", () => {
  expect(statusFor([])).toBe("ready");
  expect(statusFor(["redis_unreachable"])).toBe("degraded");
  for (const reason of ["database_unreachable", "migrations_pending", "stopping"] as const) {
    expect(statusFor([reason])).toBe("not_ready");
    expect(statusFor(["redis_unreachable", reason])).toBe("not_ready");
  }
});

test("nodes are counted by what they do, models once however many offer them, and only on offer", () => {
  const held = (status: string, names: string[]) =>
    ({
      lease: { status, endsAt: 2_000, snapshotId: "a", heldSnapshotId: "a" },
      snapshot: { models: names.map((name) => ({ name })) },
    }) as unknown as HeldLease;
  const live = [held("IDLE", ["a", "b"]), held("BUSY", ["b"]), held("PAUSED", ["c"])];
  const { nodes, models } = censusOf(live, 1_000);
  expect(Object.fromEntries(nodes)).toEqual({ IDLE: 1, BUSY: 1, PAUSED: 1 });
  expect(models).toBe(2);
});
