/** What a chain of hashes shows, and what it cannot. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import type { AuditFlaw } from "../../protocol/audit.ts";
import { checkFrom, checkRow, origin, seal, type PrintedEntry, type SealedEntry } from "./chain.ts";

const entry = (details: string): PrintedEntry => ({
  ...{ id: systemRandom.uuid(), timestamp: 1_700_000_000_000, event_type: "transaction" },
  ...{ user_id: "somebody", ip_address: "192.0.2.1", details },
});
const chain = seal(
  origin,
  ["a", "b", "c", "d", "e", "f"].map((name) => entry(`{"event": "${name}"}`)),
);

function flawsOf(rows: readonly SealedEntry[], head = origin): AuditFlaw[] {
  let check = checkFrom(head);
  return rows.flatMap((row) => {
    const checked = checkRow(check, row);
    check = checked.check;
    return checked.flaws;
  });
}
const positionsOf = (rows: readonly SealedEntry[]) => flawsOf(rows).map(({ position }) => position);
const withRow = (position: number, change: Partial<SealedEntry>) =>
  chain.map((row) => (row.position === position ? { ...row, ...change } : row));

test("a chain as it was sealed holds, also what is left of one whose beginning was forgotten", () => {
  expect(flawsOf(chain)).toEqual([]);
  expect(flawsOf(chain.slice(2), chain[1])).toEqual([]);
});

describe("exactly the row is named whose", () => {
  test.each([
    ["details", { details: '{"event": "x"}' }],
    ["time", { timestamp: 1_700_000_000_001 }],
    ["kind", { event_type: "admin" }],
    ["account", { user_id: "somebody else" }],
    ["account is taken away", { user_id: null }],
    ["address", { ip_address: "192.0.2.2" }],
    ["id", { id: systemRandom.uuid() }],
    ["hash", { hash: origin.hash }],
  ] as const)("%s was altered", (_name, change) => {
    expect(flawsOf(withRow(3, change))).toEqual([
      { flaw: "altered", position: 3, id: { id: chain[2]!.id, ...change }.id },
    ]);
  });
});

test("a row that was taken out is missing, and those behind it are not blamed", () => {
  const rows = chain.filter(({ position }) => position !== 3 && position !== 4);
  expect(flawsOf(rows)).toEqual([
    { flaw: "missing", position: 3, id: null },
    { flaw: "missing", position: 4, id: null },
  ]);
  expect(positionsOf(chain.slice(1))).toEqual([1]);
});

test("two rows that changed places are both named", () => {
  const [second, fifth] = [chain[1]!, chain[4]!];
  const rows = chain.map((row) => {
    if (row === second) return { ...fifth, position: 2 };
    return row === fifth ? { ...second, position: 5 } : row;
  });
  expect(positionsOf(rows)).toEqual(expect.arrayContaining([2, 5]));
});

test("a row that was put in is named, also at the end, unless its hash was computed by the formula", () => {
  const forged = { ...entry("{}"), position: 7, hash: chain[5]!.hash };
  expect(positionsOf([...chain, forged])).toEqual([7]);
  expect(positionsOf([...chain, ...seal(chain[5]!, [entry("{}")])])).toEqual([]);
});

test("a chain alone shows neither that its last rows are gone, nor that it was computed anew", () => {
  expect(flawsOf(chain.slice(0, 4))).toEqual([]);
  const anew = seal(origin, withRow(2, { details: "{}" }));
  expect(flawsOf(anew)).toEqual([]);
  // What does: the end of the chain, noted elsewhere.
  expect(anew.at(-1)!.hash).not.toBe(chain.at(-1)!.hash);
});
