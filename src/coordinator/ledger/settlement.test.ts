/** The rules by themselves: whatever both sides say, in whatever order, nothing is made, lost, or paid twice. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCredits } from "../../protocol/credits.ts";
import { lineHash, type AcknowledgedLine, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { vestingOf } from "./account-names.ts";
import type { Book } from "./book.ts";
import { turnPage, type PageEvent } from "./page.ts";
import { acknowledgeLine, receiveLine, vestRequest } from "./settlement.ts";

const tree = createSecretTree(new Uint8Array(32).fill(1));
const day = 24 * 60 * 60_000;

const bookOf = (fields: Partial<Book> = {}): Book => ({
  hold: "hold",
  account: "requester",
  payee: "provider",
  state: "open",
  endedAt: null,
  amount: 20_000_000n,
  captured: 0n,
  rate: { perSecond: 10n ** 12n, perPromptToken: 10n ** 10n, perCompletionToken: 10n ** 11n },
  anchor: tree.anchor,
  available: 5_000_000n,
  starterLeft: 3_000_000n,
  requests: new Map(),
  recent: [{ name: "an earlier one", paid: 100_000_000n, isBack: false }],
  ...fields,
});

const number = fc.integer({ min: 1, max: 4 });
const anyLine: fc.Arbitrary<Line> = fc
  .record({
    k: number,
    billed_ms: fc.integer({ min: 0, max: 20_000 }),
    prompt_tokens: fc.integer({ min: 0, max: 500 }),
    completion_tokens: fc.integer({ min: 0, max: 100 }),
    finish: fc.constantFrom("stop", "client_gone", "worker_error", "budget"),
    claimed: fc.bigInt({ min: 0n, max: 30_000_000n }),
    isForged: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  })
  .map(({ claimed, isForged, ...line }) => ({
    ...tree.reveal(isForged ? (line.k % 4) + 1 : line.k),
    started: 0,
    ended: 1,
    first_token_ms: null,
    estimated: false,
    cost: formatCredits(claimed),
    ...someHashes,
    ...line,
  })) as fc.Arbitrary<Line>;

const anyWord: fc.Arbitrary<AcknowledgedLine> = fc.oneof(
  fc.record({
    k: number,
    verdict: fc.constantFrom("ok" as const, "differs" as const),
    line_hash: fc.constant(lineHash({ ...tree.reveal(1) } as Line)),
    billed_ms: fc.integer({ min: 0, max: 20_000 }),
    prompt_tokens: fc.integer({ min: 0, max: 500 }),
    completion_tokens: fc.integer({ min: 0, max: 100 }),
  }),
  fc.record({ k: number, verdict: fc.constantFrom("not_received" as const, "refused" as const) }),
);

const anyEvent: fc.Arbitrary<PageEvent> = fc.oneof(
  anyLine.map(
    (line): PageEvent =>
      (book) =>
        receiveLine(book, line, "receipt", 0),
  ),
  anyWord.map(
    (line): PageEvent =>
      (book) =>
        acknowledgeLine(book, line, "word", 0),
  ),
  number.map(
    (k): PageEvent =>
      (book) =>
        vestRequest(book, k, day),
  ),
);

test("whatever is said in whatever order, money only moves, and never beyond the hold", () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent, { maxLength: 25 }),
      fc.constantFrom("open" as const, "expired" as const, "closed" as const),
      (events, state) => {
        const page = turnPage(bookOf({ state, endedAt: state === "open" ? null : 0 }), events);
        const balance = new Map<string, bigint>();
        for (const { debit, credit, amount } of page.changes.movements) {
          expect(amount).toBeGreaterThan(0n);
          balance.set(debit, (balance.get(debit) ?? 0n) - amount);
          balance.set(credit, (balance.get(credit) ?? 0n) + amount);
        }
        const legs = page.changes.movements.map(({ k, leg }) => `${k}.${leg}`);
        expect(new Set(legs).size).toBe(legs.length);
        const rows = [...page.book.requests.values()];
        const sum = (of: (row: (typeof rows)[number]) => bigint) =>
          rows.reduce((total, row) => total + of(row), 0n);
        const paid = sum(({ cost, shortfall }) => cost - shortfall);
        expect(paid).toBe(page.changes.captured);
        expect(paid).toBeLessThanOrEqual(20_000_000n);
        if (state !== "open") expect(page.book.available).toBeGreaterThanOrEqual(0n);
        if (state === "closed") expect(paid).toBe(0n);
        expect(page.book.starterLeft).toBeGreaterThanOrEqual(0n);
        expect(page.book.starterLeft).toBeLessThanOrEqual(3_000_000n);
        const of = (account: string) => balance.get(account) ?? 0n;
        const inState = (wanted: string) =>
          sum(({ state: at, cost, shortfall }) => (at === wanted ? cost - shortfall : 0n));
        expect(of("commons")).toBe(sum(({ commons }) => commons));
        expect(of(vestingOf("provider"))).toBe(inState("vesting"));
        expect(of("provider")).toBe(inState("settled") - of("commons"));
        expect(of("requester")).toBe(inState("reversed") - paid);
      },
    ),
    { numRuns: 500 },
  );
});

test("said line by line or all at once, the result is the same", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 15 }), (events) => {
      const atOnce = turnPage(bookOf(), events);
      const oneByOne = events.reduce((book, event) => turnPage(book, [event]).book, bookOf());
      expect(oneByOne).toEqual(atOnce.book);
    }),
    { numRuns: 200 },
  );
});

test("repeating everything changes nothing more and gets the same answers", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 10 }), (lines) => {
      const events = lines.map(
        (line): PageEvent =>
          (book) =>
            receiveLine(book, line, "receipt", 0),
      );
      const first = turnPage(bookOf(), events);
      const second = turnPage(first.book, events);
      expect(second.changes.movements).toEqual([]);
      expect(second.book).toEqual(first.book);
      expect(second.steps.map(({ outcome }) => outcome)).toEqual(
        first.steps.map(({ outcome }) => outcome),
      );
    }),
    { numRuns: 200 },
  );
});
