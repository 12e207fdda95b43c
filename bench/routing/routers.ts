/** Two ways of choosing a node: ours, with the sidecar's own code, and at random among all that are not full. */
import type { Clock } from "../../src/base/clock.ts";
import type { Random } from "../../src/base/random.ts";
import type { HeldTicket } from "../../src/client/routing/choose-node.ts";
import { createNodeFinder } from "../../src/client/routing/node-finder.ts";
import { noPreferences } from "../../src/client/routing/preferences.ts";
import { createLog } from "../../src/host/log.ts";
import { model, type ModelledWorker } from "./modelled-worker.ts";

export interface Trip {
  /** A worker's id; undefined where none is left to be asked. */
  node: string | undefined;
  /** The first word is there. */
  begun(): void;
  /** The worker answered, or had no slot. */
  ended(answered?: { firstMs: number; endMs: number }): void;
}

export interface Router {
  /** @param exclude had no slot a moment ago */
  send(
    request: { prompt: string; answerTokens: number },
    exclude: ReadonlySet<string>,
  ): Promise<Trip>;
}

export interface RouterParts {
  workers: readonly ModelledWorker[];
  clock: Clock;
  random: Random;
}

const nowhere: Trip = { node: undefined, begun: () => undefined, ended: () => undefined };

export function randomRouter({ workers, random }: RouterParts): Router {
  return {
    async send(_request, exclude) {
      const left = workers.filter(({ id }) => !exclude.has(id));
      const node = left[Math.floor(random.fraction() * left.length)]?.id;
      return { node, begun: () => undefined, ended: () => undefined };
    },
  };
}

/** So old the coordinator's list is at most. */
const listMs = 15_000;

export function ourRouter({ workers, clock, random }: RouterParts): Router {
  const tickets = new Map<string, HeldTicket & { running: number; lastUsedAt: number }>();
  let list = workers.map((worker) => worker.peer());
  let listedAt = clock.monotonic();
  const known = () => {
    if (clock.monotonic() - listedAt >= listMs) {
      list = workers.map((worker) => worker.peer());
      listedAt = clock.monotonic();
    }
    return list;
  };
  const finder = createNodeFinder({
    peers: { known, list: async () => known(), ageMs: () => 0, wish: () => undefined },
    tickets: { warm: () => [...tickets.values()] },
    policy: { onlyNodes: [], onlyOwners: [] },
    ...{ clock, random, log: createLog("silent"), account: "requester" },
    probe: async () => "unknown",
  });

  return {
    async send({ prompt, answerTokens }, exclude) {
      const work = finder.workOf({ prompt, max_tokens: answerTokens });
      const wish = { model, exclude, preferences: noPreferences, ...work };
      const found = await finder.find({ ...wish, capability: "chat" });
      if (found.kind !== "node") return nowhere;
      const { node } = found;
      const peer = known().find(({ node_id }) => node_id === node)!;
      const ticket = tickets.get(node) ?? { node: peer, running: 0, lastUsedAt: 0 };
      tickets.set(node, ticket);
      ticket.running += 1;
      ticket.lastUsedAt = clock.now();
      const sent = finder.sent(node, wish);
      return {
        node,
        begun: sent.begun,
        ended(answered) {
          ticket.running -= 1;
          if (answered) sent.answered({ ...answered, answerTokens });
          else sent.dropped();
        },
      };
    },
  };
}
