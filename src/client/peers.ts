/** Who offers what: the coordinator's list of nodes, kept fresh in the background while somebody uses it. */
import { boundedMap } from "../base/bounded-map.ts";
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import { jitter, type Random } from "../base/random.ts";
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import type { Log } from "../host/log.ts";
import { createUserAnswer } from "../protocol/endpoints.ts";
import { peersAnswer } from "../protocol/offers.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Peer } from "../protocol/node.ts";
import { limits } from "../protocol/limits.ts";
import type { Signer } from "../protocol/signature.ts";
import { createLatelyOffered, type LatelyOffered } from "./lately-offered.ts";
import { isAllowed, type NodePolicy } from "./sealing/node-policy.ts";

export interface PeersParts {
  coordinator: CoordinatorClient;
  account: Signer;
  clock: Clock;
  random: Random;
  log: Log;
  policy: NodePolicy;
}

/** What was offered lately is told of nodes that the policy allows. */
export interface Peers extends Pick<LatelyOffered, "isGone" | "notOffered"> {
  /** What is known now, however old; never waits. */
  known(): readonly Peer[];
  /** At most `maxAgeMs` old. @throws TroopError where there is no such list and none can be had */
  list(maxAgeMs?: number): Promise<readonly Peer[]>;
  /** Lets those who lend know that somebody would use this model. Soon enough; a failure is nobody's concern. */
  wish(model: string): void;
  /** Age of the list in ms; undefined before the first. */
  ageMs(): number | undefined;
  /** Keeps the list fresh until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Well within an account's 600 calls an hour. */
export const peersRefreshMs = 15_000;
/** Nobody asked for this long: nobody is served by refreshing. */
const idleMs = 300_000;
/** One wish does for so long. */
const wishMs = 3_600_000;
const wishesMost = 50;
const backoff = { firstMs: 5_000, ceilingMs: 60_000 };

export function createPeers(parts: PeersParts): Peers {
  const { coordinator, account, clock, random, log, policy } = parts;
  const lately = createLatelyOffered(clock);
  let peers: readonly Peer[] = [];
  let fetchedAt: number | undefined;
  let wantedAt = -Infinity;
  let fetching: Promise<readonly Peer[]> | undefined;
  const wishedAt = boundedMap<string, number>(wishesMost);

  // Whoever asked first may go; the list is for all. Only the end of the sidecar ends the question.
  let stop: AbortSignal | undefined;
  const fetchPeers = (query: { model?: string } = {}) =>
    coordinator.call({
      signal: stop,
      method: "GET",
      path: "/peers",
      query,
      answer: peersAnswer,
      signer: account,
    });
  const join = () =>
    coordinator.call({
      signal: stop,
      method: "POST",
      path: "/users",
      body: {},
      answer: createUserAnswer,
      signer: account,
    });

  async function fetchOrJoin(): Promise<readonly Peer[]> {
    let answer;
    try {
      answer = await fetchPeers();
    } catch (error) {
      // A new account may look around before its first ticket.
      if (!(error instanceof TroopError && error.code === "account_unknown")) throw error;
      await join();
      answer = await fetchPeers();
    }
    peers = answer.nodes;
    fetchedAt = clock.monotonic();
    const allowed = peers.filter(({ node_id: node, owner }) => isAllowed(policy, { node, owner }));
    lately.listed(allowed, answer.complete);
    return peers;
  }

  const refresh = () =>
    (fetching ??= fetchOrJoin().finally(() => {
      fetching = undefined;
    }));
  const ageMs = () => (fetchedAt === undefined ? undefined : clock.monotonic() - fetchedAt);

  return {
    known() {
      wantedAt = clock.monotonic();
      return peers;
    },
    async list(maxAgeMs = peersRefreshMs) {
      wantedAt = clock.monotonic();
      const age = ageMs();
      return age !== undefined && age <= maxAgeMs ? peers : refresh();
    },
    wish(model) {
      // No node can offer it, and whatever is kept here is bounded.
      if (model.length > limits.modelNameCharacters) return;
      const now = clock.monotonic();
      if (now - (wishedAt.get(model) ?? -Infinity) < wishMs) return;
      wishedAt.set(model, now);
      fetchPeers({ model }).catch((error: unknown) =>
        log.debug({ err: error }, "the coordinator was not told what is wanted"),
      );
    },
    ageMs,
    isGone: lately.isGone,
    notOffered: lately.notOffered,
    run(signal) {
      stop = signal;
      return startLoop({
        clock,
        random,
        signal,
        backoff,
        round: async () => {
          if (clock.monotonic() - wantedAt < idleMs) await refresh();
          return jitter(random, peersRefreshMs);
        },
        onFailure: (error) => log.debug({ err: error }, "nodes cannot be listed"),
      }).ended;
    },
  };
}
