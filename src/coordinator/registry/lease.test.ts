import { expect, test } from "vitest";
import type { Heartbeat } from "../../protocol/node.ts";
import { isListed, lacksSnapshot, nextLease, type Lease } from "./lease.ts";

const snapshot = {
  port: 8_080,
  hosts: [],
  hardware: { platform: "linux", cpu: "c", cores: 1, memory_bytes: 1, gpus: [] },
  engines: [],
  models: [],
  version: "1",
};
const beatOf = (fields: Partial<Heartbeat> = {}): Heartbeat => ({
  started: 100,
  counter: 1,
  protocol: 1,
  status: "IDLE",
  slots: { active: 0, total: 1 },
  running: [],
  snapshot_id: "s1",
  ...fields,
});
const context = {
  node: "n",
  owner: "o",
  jwk: { kty: "OKP", crv: "Ed25519", x: "x" } as const,
  multiplier: 500,
  hosts: ["127.0.0.1"],
  endsAt: 1_000,
};
const renew = (previous: Lease | undefined, beat: Heartbeat): Lease => {
  const renewal = nextLease(previous, beat, context);
  if (renewal.kind === "stale") throw new Error("stale");
  return renewal.lease;
};

test.each([
  ["the next", { counter: 6 }, "renewed"],
  ["the same again", { counter: 5 }, "stale"],
  ["an older one", { counter: 4 }, "stale"],
  ["the first of a new process", { started: 101, counter: 0 }, "renewed"],
  ["one of the process before, though its counter is higher", { started: 99, counter: 9 }, "stale"],
])("after beat 5, %s is %s", (_name, fields, kind) => {
  const held = renew(undefined, beatOf({ counter: 5 }));
  expect(nextLease(held, beatOf(fields), context)).toMatchObject(
    kind === "stale" ? { kind, started: 100, counter: 5 } : { kind },
  );
});

test("a node is asked for its snapshot until one is held, and not listed before", () => {
  const first = renew(undefined, beatOf());
  expect([lacksSnapshot(first), isListed(first, 0)]).toEqual([true, false]);
  const full = renew(first, beatOf({ counter: 2, snapshot }));
  expect([lacksSnapshot(full), isListed(full, 0)]).toEqual([false, true]);
  const short = renew(full, beatOf({ counter: 3 }));
  expect([lacksSnapshot(short), isListed(short, 0)]).toEqual([false, true]);
  const changed = renew(short, beatOf({ counter: 4, snapshot_id: "s2" }));
  expect([lacksSnapshot(changed), isListed(changed, 0)]).toEqual([true, false]);
});

test("a lease ends, and only IDLE and BUSY nodes are listed", () => {
  const lease = renew(undefined, beatOf({ snapshot }));
  expect(isListed(lease, 999)).toBe(true);
  expect(isListed(lease, 1_000)).toBe(false);
  const statuses = ["IDLE", "BUSY", "PAUSED", "PROVING", "DRAINING", "OFFLINE"] as const;
  const listed = statuses.filter((status) => isListed({ ...lease, status }, 0));
  expect(listed).toEqual(["IDLE", "BUSY"]);
});
