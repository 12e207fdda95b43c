/** When a node is tried, and what it counts as afterwards: properties of the rules. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { provenances } from "../../protocol/hardware-proof/wire.ts";
import { unprovenMultiplier } from "../accounts/enrolment.ts";
import { afterVerdict, mayAsk, meanMs, quarantineMs, type Standing } from "./policy.ts";

const hourMs = 3_600_000;
const randomOf = (fraction: number) => ({
  bytes: (length: number) => new Uint8Array(length),
  uuid: () => "",
  fraction: () => fraction,
});
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const now = 1_700_000_000_000;
const standing: fc.Arbitrary<Standing> = fc.record({
  multiplier: fc.integer({ min: unprovenMultiplier, max: 200_000 }),
  provenance: fc.constantFrom(...provenances),
  missed: fc.integer({ min: 0, max: 50 }),
  memory: fc.option(fc.record({ bytes: fc.nat(2 ** 30), at: fc.constant(now - hourMs) })),
});
const proof = { kind: "proven" as const, multiplier: 1, isShared: false, memoryBytes: undefined };

test("no verdict but a proof raises a multiplier, and none lowers it below the least", () => {
  fc.assert(
    fc.property(standing, fraction, fc.constantFrom("failed", "refuted"), (before, share, kind) => {
      const after = afterVerdict(before, { kind }, now, randomOf(share));
      expect(after.multiplier).toBeLessThanOrEqual(before.multiplier);
      expect(after.multiplier).toBeGreaterThanOrEqual(unprovenMultiplier);
    }),
  );
});

test("a proof counts whatever went before", () => {
  fc.assert(
    fc.property(standing, fraction, fc.boolean(), (before, share, isShared) => {
      const proven = { ...proof, multiplier: 12_345, isShared };
      const after = afterVerdict(before, proven, now, randomOf(share));
      expect(after).toMatchObject({ multiplier: 12_345, provenance: "proven", missed: 0 });
    }),
  );
});

test("memory that was shown counts for a month, and more that is shown at once", () => {
  const shown = (bytes: number, ago: number, memoryBytes: number | undefined) => {
    const memory = { bytes, at: now - ago };
    const before = { multiplier: 500, provenance: "proven", missed: 0, memory } as const;
    return afterVerdict(before, { ...proof, memoryBytes }, now, randomOf(0.5)).memory;
  };
  const month = 30 * 24 * hourMs;
  expect(shown(8, month - 1, 4)).toEqual({ bytes: 8, at: now - month + 1 });
  expect(shown(8, month - 1, undefined)?.bytes).toBe(8);
  expect(shown(8, month, 4)).toEqual({ bytes: 4, at: now });
  expect(shown(8, month, undefined)).toBeNull();
  expect(shown(8, hourMs, 8)).toEqual({ bytes: 8, at: now });
  expect(shown(8, hourMs, 16)).toEqual({ bytes: 16, at: now });
});

test.each(["failed", "refuted"] as const)(
  "memory that was shown goes on to count where a proof is %s, and is none after a month",
  (kind) => {
    const shown = (memory: Standing["memory"]) => {
      const before = { multiplier: 500, provenance: "proven", missed: 0, memory } as const;
      return afterVerdict(before, { kind }, now, randomOf(0.5)).memory;
    };
    const month = 30 * 24 * hourMs;
    expect(shown({ bytes: 8, at: now - month + 1 })?.bytes).toBe(8);
    expect(shown({ bytes: 8, at: now - month })?.bytes).toBe(0);
    expect(shown(null)).toBeNull();
  },
);

describe("a proof that is missed", () => {
  const failed = (before: Standing) => afterVerdict(before, { kind: "failed" }, now, randomOf(0.5));

  test("costs nothing the first time, and each time more from then on", () => {
    let node: Standing = { multiplier: 10_000, provenance: "proven", missed: 0, memory: null };
    const seen = [];
    for (let times = 0; times < 12; times += 1) {
      node = failed(node);
      seen.push([node.multiplier, node.provenance]);
    }
    expect(seen.slice(0, 3)).toEqual([
      [10_000, "proven"],
      [7_000, "stale"],
      [4_900, "stale"],
    ]);
    expect(seen.at(-1)).toEqual([unprovenMultiplier, "stale"]);
  });

  test("is asked for again within two hours", () => {
    fc.assert(
      fc.property(standing, fraction, (before, share) => {
        const { dueAt } = afterVerdict(before, { kind: "failed" }, now, randomOf(share));
        expect(dueAt).toBeGreaterThan(now);
        expect(dueAt).toBeLessThanOrEqual(now + 2 * hourMs);
      }),
    );
  });
});

test("a wrong opening leaves the least, and keeps the node out for a day", () => {
  fc.assert(
    fc.property(standing, fraction, (before, share) => {
      const after = afterVerdict(before, { kind: "refuted" }, now, randomOf(share));
      expect(after).toMatchObject({ multiplier: unprovenMultiplier, provenance: "refuted" });
      expect(after.quarantinedUntil).toBe(now + quarantineMs);
      expect(after.dueAt).toBeGreaterThanOrEqual(after.quarantinedUntil);
      expect(mayAsk(after, now + quarantineMs - 1)).toBe(false);
    }),
  );
});

test("proofs at random come every twelve hours on average, and nobody can tell when", () => {
  const waits = Array.from({ length: 10_000 }, (_, index) => {
    const before = { multiplier: 500, provenance: "unproven", missed: 0, memory: null } as const;
    const { dueAt } = afterVerdict(before, proof, now, randomOf((index + 0.5) / 10_000));
    return dueAt - now;
  });
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  expect(mean / meanMs).toBeGreaterThan(0.95);
  expect(mean / meanMs).toBeLessThan(1.05);
  // Having waited for long, nobody is nearer to it.
  const shareWithin = (from: number) =>
    waits.filter((wait) => wait >= from && wait < from + hourMs).length /
    waits.filter((wait) => wait >= from).length;
  expect(shareWithin(hourMs)).toBeCloseTo(shareWithin(20 * hourMs), 1);
});

test("who was proven is tried when the coordinator thinks so, not when it asks", () => {
  expect(mayAsk({ provenance: "proven", quarantinedUntil: 0 }, now)).toBe(false);
  for (const provenance of ["unproven", "stale", "refuted"] as const)
    expect(mayAsk({ provenance, quarantinedUntil: 0 }, now)).toBe(true);
});
