/**
 * Delivers signed lines to the coordinator: at least once, in batches, for as long as it takes. A line is on
 * disk before anybody relies on it; it leaves only when the coordinator has given its final answer.
 */
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { statementsAnswer, type StatementOutcome } from "../protocol/receipt.ts";
import type { SignedType, Signer } from "../protocol/signature.ts";
import { createStatement } from "../protocol/statement.ts";
import type { CoordinatorClient } from "./coordinator-client.ts";
import type { LocalDatabase } from "./local-database.ts";
import type { Log } from "./log.ts";
import { createOutboxStore } from "./outbox-store.ts";

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
  onOutcome?: (hold: string, outcome: StatementOutcome) => void;
}

export interface Outbox {
  /** Keeps a line for delivery; durable when it returns. A second line for the same request is ignored. */
  add<Line extends { k: number }>(hold: string, line: Line): void;
  /** Delivers now instead of at the next tick. */
  flush(): void;
  pending(): number;
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
    const mine = turn.then(() => deliverAll(signal));
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function deliverAll(signal: AbortSignal) {
    await signWaiting();
    database.sync();
    let lastId = 0;
    for (;;) {
      const batch = store.unsent(lastId);
      if (batch.length === 0) return;
      const fitting = firstThatFit(batch);
      const outcomes = await post(fitting, signal);
      for (const [index, statement] of fitting.entries()) {
        lastId = statement.id;
        const outcome = outcomes[index];
        if (!outcome) continue;
        store.finish(statement.id);
        if (outcome.status === "refused")
          log.warn({ hold: statement.hold, code: outcome.code }, "statement refused");
        parts.onOutcome?.(statement.hold, outcome);
      }
    }
  }

  async function post(batch: { jws: string }[], signal: AbortSignal): Promise<StatementOutcome[]> {
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

/** A call's statements are bounded in number and in bytes; the first always goes, so that none blocks the rest. */
function firstThatFit<Statement extends { jws: string }>(batch: Statement[]): Statement[] {
  let size = 0;
  const fitting = batch.filter(({ jws }) => (size += jws.length + 3) < limits.statementCallBytes);
  return fitting.length > 0 ? fitting : batch.slice(0, 1);
}
