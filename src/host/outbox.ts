/**
 * Delivers signed lines to the coordinator: at least once, in batches, for as long as it takes. A line is on
 * disk before anybody relies on it; it leaves only when the coordinator has given its final answer.
 */
import { decodeJwt } from "jose";
import { type Clock, sleep } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import { type ErrorCode, TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { statementsAnswer, type StatementOutcome } from "../protocol/receipt.ts";
import type { SignedType, Signer } from "../protocol/signature.ts";
import { createStatement } from "../protocol/statement.ts";
import type { CoordinatorClient } from "./coordinator-client.ts";
import type { LocalDatabase } from "./local-database.ts";
import type { Log } from "./log.ts";
import { createOutboxStore, type OutboxStatement } from "./outbox-store.ts";

export interface OutboxParts {
  database: LocalDatabase;
  coordinator: CoordinatorClient;
  signer: Signer;
  clock: Clock;
  random: Random;
  log: Log;
  /** `/receipts` or `/acknowledgements`, and the type of statement that goes there. */
  path: "/receipts" | "/acknowledgements";
  type: SignedType;
  /** The coordinator's final answer to a statement about a hold; the same one may come again after a crash. */
  onAnswered?: ((hold: string, outcome: StatementOutcome) => void) | undefined;
}

export interface Outbox {
  /** Keeps a line for delivery; durable when it returns. A second line for the same request is ignored. */
  add<Line extends { k: number }>(hold: string, line: Line): void;
  /** Delivers now instead of at the next tick. */
  flush(): void;
  pending(): number;
  /**
   * How long something has waited at most, ms: all that came before that was delivered. Of an earlier process' it is the
   * age of the oldest statement; lines are signed as soon as the coordinator is to have them.
   */
  waitingMs(): number;
  /** Runs until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** One attempt to deliver everything. Rejects where the coordinator cannot take it now. */
  deliver(signal: AbortSignal): Promise<void>;
}

const backoff = { firstMs: limits.batchWaitMs, ceilingMs: 60_000 };

export function createOutbox(parts: OutboxParts): Outbox {
  const { database, coordinator, signer, clock, random, log, path, type } = parts;
  const store = createOutboxStore(database);
  let wake: (() => void) | undefined;
  const [oldest] = store.unsent(0);
  let deliveredUntil =
    clock.monotonic() - (oldest ? Math.max(0, coordinator.time.now() - signedAt(oldest.jws)) : 0);

  async function signWaiting() {
    for (let batch = store.unsigned(); batch; batch = store.unsigned()) {
      const body = {
        hold: batch.hold,
        lines: batch.lines.map((line) => JSON.parse(line) as unknown),
      };
      const jws = await createStatement(
        signer,
        type,
        coordinator.url,
        coordinator.time.now(),
        body,
      );
      // The text that was signed is kept: a repeat sends the very same statement and gets the first answer.
      store.addStatement(batch.hold, batch.ks, jws);
    }
  }

  // One delivery at a time: two at once would sign the same lines twice.
  let turn: Promise<void> = Promise.resolve();
  function deliver(signal: AbortSignal): Promise<void> {
    const mine = turn.then(async () => {
      const began = clock.monotonic();
      await deliverAll(signal);
      deliveredUntil = began;
    });
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function deliverAll(signal: AbortSignal) {
    if (store.pending() === 0) return;
    await signWaiting();
    database.sync();
    let lastId = 0;
    let failure: unknown;
    for (let batch = store.unsent(0); batch.length > 0; batch = store.unsent(lastId)) {
      if (lastId > 0) await sleep(clock, limits.statementCallGapMs, signal);
      const fitting = firstThatFit(batch);
      lastId = fitting.at(-1)!.id;
      for (const { statement, outcome, error } of await post(fitting, signal)) {
        const unsettled = outcome ? take(statement, outcome) : error;
        failure ??= unsettled;
      }
    }
    // What is left is tried again, with the patience that a failure asks for.
    if (failure) throw failure as Error;
  }

  /** @returns why the statement has to be sent once more, if it has */
  function take(statement: OutboxStatement, outcome: StatementOutcome): TroopError | undefined {
    if (outcome.status === "accepted") {
      parts.onAnswered?.(statement.hold, outcome);
      store.finish(statement.id);
      return undefined;
    }
    log.warn({ hold: statement.hold, code: outcome.code }, "statement refused");
    // It may be let in again: the very same statement waits.
    if (outcome.code === "account_revoked") return new TroopError("account_revoked");
    if (outcome.code !== "clock_skew") {
      parts.onAnswered?.(statement.hold, outcome);
      store.finish(statement.id);
      return undefined;
    }
    // Our clock was off when it was signed. The answer has told the time: the lines are signed anew.
    store.unsign(statement.id);
    return new TroopError("clock_skew");
  }

  async function post(batch: OutboxStatement[], signal: AbortSignal): Promise<Posted[]> {
    try {
      const outcomes = await send(batch, signal);
      return batch.map((statement, index) => ({ statement, outcome: outcomes[index]! }));
    } catch (error) {
      signal.throwIfAborted();
      if (!isAboutContent(error)) throw error;
      const [statement, ...rest] = batch;
      if (rest.length === 0) return [{ statement: statement!, error }];
      // One of them is the reason; the others shall not wait for it.
      const posted: Posted[] = [];
      for (const each of batch) posted.push(...(await post([each], signal)));
      return posted;
    }
  }

  async function send(batch: { jws: string }[], signal: AbortSignal): Promise<StatementOutcome[]> {
    const body = { statements: batch.map(({ jws }) => jws) };
    const answer = await coordinator.call({
      method: "POST",
      path,
      body,
      answer: statementsAnswer,
      signal,
    });
    if (answer.outcomes.length !== batch.length) {
      throw new TroopError(
        "coordinator_unreachable",
        "The coordinator did not answer every statement.",
      );
    }
    return answer.outcomes;
  }

  return {
    add: (hold, line) => store.add({ hold, k: line.k, line: JSON.stringify(line) }),
    flush: () => wake?.(),
    pending: () => store.pending(),
    waitingMs: () => (store.pending() === 0 ? 0 : clock.monotonic() - deliveredUntil),
    deliver,
    run(signal) {
      const loop = startLoop({
        clock,
        random,
        signal,
        backoff,
        round: async () => {
          await deliver(signal);
          return limits.batchWaitMs;
        },
        onFailure: (error) =>
          log.warn({ err: error, path, pending: store.pending() }, "statements wait"),
      });
      wake = () => loop.wake();
      return loop.ended;
    },
  };
}

interface Posted {
  statement: OutboxStatement;
  outcome?: StatementOutcome;
  /** Why there is no outcome. */
  error?: unknown;
}

/** These say something of the way or the moment, not of what was sent. */
const passing: readonly ErrorCode[] = [
  "coordinator_unreachable",
  "timeout",
  "rate_limit_exceeded",
  "ledger_unavailable",
  "upgrade_required",
];
const isAboutContent = (error: unknown) =>
  error instanceof TroopError && !passing.includes(error.code);

/** Of a statement of our own, coordinator time in ms. */
const signedAt = (jws: string): number => (decodeJwt(jws).iat ?? 0) * 1_000;

/** What a call's body needs beside its statements, and each statement beside its text. */
const envelopeBytes = `{"statements":[]}`.length;
const quotingBytes = `"",`.length;

/** A call's statements are bounded in number and in bytes; the first always goes, so that none blocks the rest. */
function firstThatFit<Statement extends { jws: string }>(batch: Statement[]): Statement[] {
  let size = envelopeBytes;
  const fitting = batch.filter(
    ({ jws }) => (size += jws.length + quotingBytes) <= limits.statementCallBytes,
  );
  return fitting.length > 0 ? fitting : batch.slice(0, 1);
}
