/** The journal across deaths: what was begun is accounted for, what was settled stays settled. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocalDatabase } from "../host/local-database.ts";
import { createOutboxStore } from "../host/outbox-store.ts";
import { type Line, lineSchema } from "../protocol/receipt.ts";
import { someHashes } from "../protocol/receipt.fixture.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import { createJournal } from "./journal.ts";

const hold = "0b9c7f0e-7f36-4f0e-8b52-7d1a4c1f2a3b";
const tree = createSecretTree(new Uint8Array(32));
const lineOf = (k: number, fields: Partial<Line> = {}): Line => ({
  ...tree.reveal(k),
  ...{ started: 1_000, ended: 2_000, billed_ms: 900, first_token_ms: 10, prompt_tokens: 3 },
  ...{ completion_tokens: 4, estimated: false, finish: "stop", cost: "0.500000" },
  ...someHashes,
  ...fields,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troop-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(fail?: () => void) {
  const database = openLocalDatabase(folder, "worker.sqlite");
  const rows = createOutboxStore(database);
  const outbox = {
    add(of: string, line: Line) {
      fail?.();
      rows.add({ hold: of, k: line.k, line: JSON.stringify(line) });
    },
  };
  const journal = createJournal({ database, outbox });
  const lines = () =>
    (rows.unsigned()?.lines ?? []).map((line) => lineSchema.parse(JSON.parse(line)));
  return { journal, lines, [Symbol.dispose]: () => database[Symbol.dispose]() };
}

test("a process killed with SIGKILL leaves its open requests to the next, which bills nothing for them", () => {
  const script = `
    import { openLocalDatabase } from "${import.meta.dirname}/../host/local-database.ts";
    import { createSecretTree } from "${import.meta.dirname}/../protocol/secrets.ts";
    import { createJournal } from "${import.meta.dirname}/journal.ts";
    const database = openLocalDatabase(${JSON.stringify(folder)}, "worker.sqlite");
    const journal = createJournal({ database, outbox: { add() {} } });
    const tree = createSecretTree(new Uint8Array(32));
    journal.begin("${hold}", tree.reveal(3), 1234);
    process.kill(process.pid, "SIGKILL");`;
  const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script]);
  expect(child.signal, child.stderr.toString()).toBe("SIGKILL");

  using opened = open();
  expect(opened.journal.historyOf(hold)).toEqual({ used: [3], spent: 0n, freeAborts: 0 });
  expect(opened.journal.recover()).toBe(1);
  expect(opened.lines()).toEqual([
    lineOf(3, {
      ...{ started: 1_234, ended: 1_234, billed_ms: 0, first_token_ms: null, prompt_tokens: 0 },
      ...{ completion_tokens: 0, finish: "worker_error", cost: "0.000000" },
      ...{ request_hash: null, response_hash: null },
    }),
  ]);
  expect(opened.journal.recover()).toBe(0);
});

test("what was used, spent and free is known to the next process", () => {
  {
    using first = open();
    for (const k of [1, 2, 3]) first.journal.begin(hold, tree.reveal(k), 1_000);
    first.journal.settle(hold, lineOf(1), false);
    first.journal.settle(hold, lineOf(2, { cost: "0.000000", finish: "client_gone" }), true);
  }
  using second = open();
  expect(second.journal.historyOf(hold)).toEqual({
    used: [1, 2, 3],
    spent: 500_000n,
    freeAborts: 1,
  });
  expect(second.journal.historyOf(hold.replace("0b", "0c"))).toEqual({
    ...{ used: [], spent: 0n, freeAborts: 0 },
  });
});

test("a line is in the journal and the outbox, or in neither", () => {
  using opened = open(() => {
    throw new Error("disk full");
  });
  opened.journal.begin(hold, tree.reveal(1), 1_000);
  expect(() => opened.journal.settle(hold, lineOf(1), false)).toThrow("disk full");
  expect(opened.journal.historyOf(hold).spent).toBe(0n);
  using next = open();
  expect(next.journal.recover()).toBe(1);
});

test("a number is begun once", () => {
  using opened = open();
  opened.journal.begin(hold, tree.reveal(1), 1_000);
  expect(() => opened.journal.begin(hold, tree.reveal(1), 2_000)).toThrow(/unique/i);
});

test("old rows are forgotten once settled, never before", () => {
  using opened = open();
  for (const k of [1, 2, 3]) opened.journal.begin(hold, tree.reveal(k), k * 1_000);
  opened.journal.settle(hold, lineOf(1), false);
  opened.journal.settle(hold, lineOf(3), false);
  expect(opened.journal.prune(3_000)).toBe(1);
  expect(opened.journal.historyOf(hold).used).toEqual([2, 3]);
});
