/**
 * Keeps the reputations of the nodes that are listed. Each round looks at those whose turn was longest ago, so many and
 * no more: in a network of a hundred that is all of them every ten seconds, of ten thousand within seventeen minutes.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { neutralReputation } from "../../protocol/reputation.ts";
import type { Registry } from "../registry/registry.ts";
import type { PresenceWatch } from "./presence.ts";
import { jobsCounted, reputationOf, type Reputation } from "./reputation.ts";
import type { ReputationStore } from "./reputation-store.ts";

export interface ReputationsOptions {
  store: ReputationStore;
  clock: Clock;
  random: Random;
  log: Log;
}

export interface Reputations {
  /** As of its last turn. */
  scoreOf(node: string): number;
  /** As it was a moment ago. Undefined where no such node was ever enrolled. */
  read(node: string): Promise<Reputation | undefined>;
  /** Looks at listed nodes and notes presence until disposed. */
  start(
    registry: Pick<Registry, "listedNodes">,
    presence: Pick<PresenceWatch, "take">,
  ): AsyncDisposable;
}

const roundMs = 10_000;
/** Whoever asks for a busy node's record again and again makes the work of one. */
const freshMs = 2_000;
const nodesPerRound = 100;
const notePresenceMs = 10 * 60_000;
const nodesRemembered = 50_000;
const accountsRemembered = 50_000;
/** Each takes a third of a millisecond; who is not looked up this time is a newcomer until the next. */
const accountsPerRound = 500;
/** Who is known stays so; who is not may be in a while. */
const lookAgainMs = 10 * 60_000;

export function createReputations(options: ReputationsOptions): Reputations {
  const { store, clock, random, log } = options;
  const kept = boundedMap<string, { reputation: Reputation; at: number }>(nodesRemembered);
  /** By account: until when what was found holds, and whether it is known. */
  const known = boundedMap<string, { isKnown: boolean; until: number }>(accountsRemembered);

  const isKnown = (account: string) => known.get(account)?.isKnown === true;

  /** Whose jobs are read: no more of either kind can count. @param requesters the latest first */
  const heardOf = (requesters: readonly string[]) => [
    ...requesters.filter(isKnown).slice(0, jobsCounted),
    ...requesters.filter((account) => !isKnown(account)).slice(0, jobsCounted),
  ];

  async function lookUp(accounts: ReadonlySet<string>): Promise<void> {
    const now = clock.now();
    const unsure = [...accounts]
      .filter((id) => (known.get(id)?.until ?? 0) <= now)
      .slice(0, accountsPerRound);
    if (unsure.length === 0) return;
    const found = await store.findKnown(unsure);
    for (const id of unsure) {
      const until = found.has(id) ? Infinity : now + lookAgainMs;
      known.set(id, { isKnown: found.has(id), until });
    }
  }

  async function recompute(nodes: readonly string[]): Promise<void> {
    const at = clock.now();
    const requestersOf = await store.findRequesters(nodes, at);
    await lookUp(new Set([...requestersOf.values()].flat()));
    const heard = [...requestersOf].map(([node, all]) => [node, heardOf(all)] as const);
    const records = await store.readRecords(new Map(heard), at);
    for (const [node, record] of records) {
      const judged = record.jobs.map((job) => ({
        ...{ ...job, isKnown: isKnown(job.requester) },
      }));
      kept.set(node, { reputation: reputationOf({ ...record, jobs: judged }), at });
    }
  }

  const turnOf = (node: string) => kept.get(node)?.at ?? 0;

  return {
    scoreOf: (node) => kept.get(node)?.reputation.score ?? neutralReputation,
    async read(node) {
      if (turnOf(node) <= clock.now() - freshMs) await recompute([node]);
      return kept.get(node)?.reputation;
    },
    start(registry, presence) {
      const stop = new AbortController();
      let notedAt = clock.now();
      const loop = startLoop({
        ...{ clock, random, signal: stop.signal },
        backoff: { firstMs: roundMs, ceilingMs: notePresenceMs },
        onFailure: (error) => log.warn({ err: error }, "reputations stay as they were"),
        round: async () => {
          const ids = await registry.listedNodes();
          const due = ids.toSorted((left, right) => turnOf(left) - turnOf(right));
          if (due.length > 0) await recompute(due.slice(0, nodesPerRound));
          if (clock.now() - notedAt >= notePresenceMs) {
            notedAt = clock.now();
            await store.addPresence(presence.take(), notedAt);
          }
          return roundMs;
        },
      });
      return {
        [Symbol.asyncDispose]: async () => {
          stop.abort();
          await loop.ended;
        },
      };
    },
  };
}
