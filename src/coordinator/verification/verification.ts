/** Proofs of hardware, put together: trials that go with heartbeats, the nodes' answers, and what becomes of them. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import type { Nodes } from "../accounts/enrolment.ts";
import type { Node } from "../accounts/node-store.ts";
import type { Database } from "../database.ts";
import type { Registry } from "../registry/registry.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { createCheckThread } from "./check/check-thread.ts";
import { createConclude, type RecordVerdict } from "./conclude.ts";
import { writeAsked } from "./hardware-store.ts";
import { mayAsk } from "./policy.ts";
import { startPruning } from "./pruning.ts";
import type { RampSettings } from "./ramp.ts";
import { createRoundTrips, type RoundTrips } from "./round-trips.ts";
import { createTrials, type Trials } from "./trials.ts";

export interface VerificationOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  nodes: Pick<Nodes, "find" | "forget">;
  registry: Pick<Registry, "statusOf">;
  ramp: RampSettings;
  recordVerdict: RecordVerdict;
}

export interface Verification extends Trials, Answers, AsyncDisposable {
  readonly roundTrips: Pick<RoundTrips, "sent" | "heard">;
  /** A node asks to be tried; it is where nothing is known of it yet, and it did not ask just now. */
  ask(node: Node): Promise<Node>;
  /** No beat is kept waiting any longer. */
  stop(): void;
}

export function createVerification(options: VerificationOptions): Verification {
  const { database, clock, nodes, registry } = options;
  const stopping = new AbortController();
  const roundTrips = createRoundTrips();
  const checks = createCheckThread(options);
  const { forget } = nodes;
  const conclude = createConclude({ ...options, forget });
  const pruning = startPruning(options);
  const trials = createTrials({
    ...{ ...options, conclude, forget, stopping: stopping.signal },
    async isReachable(node, which) {
      const status = await registry.statusOf(node);
      return status === "IDLE" || (which === "any" && status === "BUSY");
    },
  });
  const answers = createAnswers({ ...options, roundTrips, conclude, checks });
  return {
    ...trials,
    ...answers,
    roundTrips,
    async ask(node) {
      const { provenance = "unproven", quarantinedUntil = 0 } = node.hardware ?? {};
      const now = clock.now();
      if (!mayAsk({ provenance, quarantinedUntil }, now)) return node;
      await writeAsked(database, node.id, now);
      forget(node.id);
      return (await nodes.find(node.id)) ?? node;
    },
    stop: () => stopping.abort(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await pruning[Symbol.asyncDispose]();
      await checks[Symbol.asyncDispose]();
    },
  };
}
