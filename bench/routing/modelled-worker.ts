/**
 * A worker whose engine is a model of one, in virtual time: it reads prompts one after the other, remembers the
 * beginnings that fit into its cache, and answers as many at once as it has slots, each the more slowly.
 */
import { type Clock, sleep } from "../../src/base/clock.ts";
import type { Peer } from "../../src/protocol/node.ts";

export interface WorkerSetting {
  id: string;
  slots: number;
  /** Tokens of a prompt read in a second, while nothing else is read. */
  promptRate: number;
  /** Tokens of one answer in a second, where it is the only one. */
  answerRate: number;
  /** Tokens of beginnings that the engine keeps, the one used last for longest. */
  cacheTokens: number;
  /** What it says of its speed; an RTX 3060 is 1. */
  multiplier: number;
}

export interface ModelledRequest {
  /** Names the beginning; those with the same one share it. */
  beginning: string;
  beginningTokens: number;
  /** What stands behind it. */
  furtherTokens: number;
  answerTokens: number;
}

export interface ModelledWorker {
  readonly id: string;
  readonly running: number;
  /** As the coordinator lists it now. */
  peer(): Peer;
  /** False where no slot is free. Resolves at the end; `onFirst` is called with the first word. */
  serve(request: ModelledRequest, onFirst: () => void): Promise<boolean>;
}

/** Each answer beside slows one by this share: engines compute many nearly as fast as one. */
const slowing = 0.05;
const never = new AbortController().signal;

export function createModelledWorker(setting: WorkerSetting, clock: Clock): ModelledWorker {
  const { id, slots, promptRate, answerRate, cacheTokens } = setting;
  const cache = new Map<string, number>();
  let readsUntil = 0;
  let running = 0;

  function read({ beginning, beginningTokens, furtherTokens }: ModelledRequest): number {
    const known = cache.get(beginning) ?? 0;
    cache.delete(beginning);
    cache.set(beginning, beginningTokens);
    let kept = [...cache.values()].reduce((sum, tokens) => sum + tokens, 0);
    for (const [oldest, tokens] of cache) {
      if (kept <= cacheTokens) break;
      cache.delete(oldest);
      kept -= tokens;
    }
    const readMs = ((beginningTokens - known + furtherTokens) / promptRate) * 1_000;
    readsUntil = Math.max(readsUntil, clock.monotonic()) + readMs;
    return readsUntil - clock.monotonic();
  }

  return {
    id,
    get running() {
      return running;
    },
    peer: () => describePeer(setting, running),
    async serve(request, onFirst) {
      if (running >= slots) return false;
      running += 1;
      await sleep(clock, read(request), never);
      onFirst();
      const slow = 1 + slowing * (running - 1);
      await sleep(clock, (request.answerTokens / answerRate) * 1_000 * slow, never);
      running -= 1;
      return true;
    },
  };
}

export const model = "modelled:8b";
const price = {
  per_second: "1.000000000000",
  per_prompt_token: "0.000100000000",
  per_completion_token: "0.002000000000",
};

function describePeer({ id, slots, multiplier }: WorkerSetting, active: number): Peer {
  return {
    ...{ node_id: id, owner: `owner-of-${id}`, addresses: [], relay: [], version: "0" },
    ...{ status: active < slots ? "IDLE" : "BUSY", slots: { active, total: slots } },
    models: [{ name: model, capabilities: ["chat"], loaded: true, price }],
    ...{ multiplier: multiplier.toFixed(4), price: price.per_second },
    jwk: { kty: "OKP", crv: "Ed25519", x: id },
  };
}
