/** What a sequence is made of: every verb of the ledger, with small domains, so that the same things happen again. */
import fc from "fast-check";
import type { Finish } from "../../src/protocol/receipt.ts";

export const accountsInPlay = 5;
/** The last account has dealt with ten others before: it may give. It asks nothing of anybody. */
export const veteran = accountsInPlay - 1;

export interface LineDraft {
  k: number;
  ms: number;
  prompt: number;
  completion: number;
  finish: Finish;
  /** Of what it costs, hundredths that the worker claims. */
  claim: number;
  isForged: boolean;
}

export interface WordDraft {
  k: number;
  verdict: "ok" | "differs" | "not_received" | "refused";
  isLineOfWorker: boolean;
  /** The client's bounds: hundredths of the worker's figures. */
  bounds: number;
  /** Which of the holds so far, and which number there, this one repeats. */
  retry: { hold: number; k: number } | undefined;
}

export type Operation =
  | { type: "grant"; account: number }
  | { type: "open"; id: number; payer: number; payee: number; amount: bigint; rate: number }
  | { type: "receive"; hold: number; lines: LineDraft[]; isStranger: boolean }
  | { type: "acknowledge"; hold: number; words: WordDraft[]; isStranger: boolean }
  | { type: "close"; hold: number; numbers: number[] }
  | { type: "resend"; earlier: number }
  | { type: "gift"; id: number; from: number; to: number; amount: bigint }
  | { type: "pass"; ms: number }
  | { type: "postpone"; ms: number }
  | { type: "expire" | "release" | "vest" };

const number = fc.integer({ min: 1, max: 5 });
const anyHold = fc.nat(7);
const requester = fc.nat(accountsInPlay - 2);
const anybody = fc.nat(accountsInPlay - 1);
const rarely = fc.integer({ min: 0, max: 11 }).map((draw) => draw === 11);

const finish = fc.constantFrom<Finish>(
  ...(["stop", "stop", "stop", "client_gone", "client_gone", "worker_error", "budget"] as const),
);
const line: fc.Arbitrary<LineDraft> = fc.record({
  k: number,
  ms: fc.constantFrom(0, 1, 999, 5_000, 9_999, 10_000, 12_345, 60_000, 150_000),
  prompt: fc.constantFrom(0, 7, 1_000),
  completion: fc.constantFrom(0, 1, 333, 20_000),
  finish,
  claim: fc.constantFrom(100, 100, 100, 50, 300),
  isForged: rarely,
});
/** The client left at once, again and again: a few times are free. */
const aborts: fc.Arbitrary<LineDraft[]> = fc
  .tuple(fc.uniqueArray(number, { minLength: 3 }), line)
  .map(([numbers, like]) =>
    numbers.map((k) => ({
      ...like,
      k,
      ms: 5_000,
      completion: 0,
      prompt: 1_000,
      finish: "client_gone",
    })),
  );
const word: fc.Arbitrary<WordDraft> = fc.record({
  k: number,
  verdict: fc.constantFrom("ok", "ok", "ok", "differs", "not_received", "refused"),
  isLineOfWorker: fc.boolean(),
  bounds: fc.constantFrom(0, 94, 94, 95, 96, 100, 200),
  retry: fc.option(fc.record({ hold: anyHold, k: number }), { nil: undefined }),
});
const amount = fc.constantFrom(
  ...[0n, 1n, 1_000_000n, 4_000_000n, 20_000_000n, 150_000_000n, 300_000_000n],
);

/** In proportion to what is likely to lead somewhere. */
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant("grant" as const), account: requester }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("open" as const),
      ...{ id: fc.nat(9), payer: requester, payee: anybody, amount, rate: fc.nat(3) },
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      ...{ type: fc.constant("receive" as const), hold: anyHold, isStranger: rarely },
      lines: fc.oneof(
        { weight: 7, arbitrary: fc.array(line, { minLength: 1, maxLength: 4 }) },
        { weight: 1, arbitrary: aborts },
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ type: fc.constant("acknowledge" as const), hold: anyHold, isStranger: rarely },
      words: fc.array(word, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ type: fc.constant("close" as const), hold: anyHold },
      numbers: fc.uniqueArray(number, { maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("resend" as const), earlier: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ type: fc.constant("gift" as const), id: fc.nat(2), from: anybody, to: anybody },
      amount: fc.constantFrom(1n, 1_000_000n, 3_000_000n, 30_000_000n),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("pass" as const),
      ms: fc.constantFrom(1_000, 361_000, 3_600_000, 86_400_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("postpone" as const),
      ms: fc.constantFrom(60_000, 7_200_000),
    }),
  },
  ...(["expire", "release", "vest"] as const).map((type) => ({
    weight: 1,
    arbitrary: fc.record({ type: fc.constant(type) }),
  })),
);

/** Begins with what nothing works without: somebody with credits, and a ticket. */
export const sequence: fc.Arbitrary<Operation[]> = fc
  .tuple(
    fc.record({ payer: requester, payee: anybody, amount, rate: fc.nat(3) }),
    fc.array(operation, { minLength: 1, maxLength: 22 }),
  )
  .map(([opened, rest]) => [
    { type: "grant", account: opened.payer },
    { type: "open", id: 0, ...opened },
    ...rest,
  ]);
