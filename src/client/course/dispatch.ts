/**
 * Finds somebody to answer a request: choose node → ticket and number → attempt → judged line. Where a node fails
 * before the first content, another is asked the same; behind it, another is asked for the rest. Where all are busy it
 * waits.
 */
import type { Random } from "../../base/random.ts";
import { backoffMs } from "../../base/retry.ts";
import type { Log } from "../../host/log.ts";
import { formatCredits, parseCredits } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { Ask, Asking } from "./asking.ts";
import { createCourse } from "./course.ts";
import { createSearch, type NextStep } from "./failover.ts";
import { createHedging } from "./hedge.ts";
import type { NodeFinder } from "../routing/node-finder.ts";
import { sizeOf } from "../spending/estimate.ts";
import { wentAway } from "../lately-offered.ts";
import type { Peers } from "../peers.ts";
import { createTryNode, type TryNodeParts } from "./try-node.ts";
import { createWaitingRoom } from "./waiting-room.ts";

export type DispatchResult =
  /** @property cost credits, of all parts whose line is there. `line` and `node`: the last's */
  | { outcome: "answered"; line: Line; node: string; cost: string }
  | { outcome: "failed"; error: TroopError; mayHaveBeenCharged: boolean };

export interface DispatchParts extends TryNodeParts {
  peers: Pick<Peers, "notOffered">;
  finder: NodeFinder;
  random: Random;
  log: Log;
  /** How long a request waits for a free slot somewhere. */
  queueWaitMs: number;
}

/** Rejects only with the reason of `asking.signal`, or for a programmer's error. */
export type Dispatch = (asking: Asking) => Promise<DispatchResult>;

const waitBetweenRounds = { firstMs: 250, ceilingMs: 2_000 };

export function createDispatch(parts: DispatchParts): Dispatch {
  const { peers, finder, clock, random, log, queueWaitMs } = parts;
  const room = createWaitingRoom(clock);
  const hedging = createHedging({ finder, clock, tryNode: createTryNode(parts) });

  const planOf = ({ capability, fields, inquiry }: Ask) => ({
    ...{ capability, inquiry, work: finder.workOf(fields) },
    size: sizeOf(inquiry.path, fields, inquiry.body.length),
  });

  return async (asking) => {
    const { model, preferences, application, signal } = asking;
    const search = createSearch();
    const course = createCourse(asking);
    const tryTurn = hedging(preferences.hedgeAfter);
    let plan = planOf(asking);
    let deadline = clock.monotonic() + queueWaitMs;
    let error: TroopError | undefined;
    const failed = (why: TroopError): DispatchResult => {
      const { mayHaveBeenCharged } = course;
      return { outcome: "failed", error: why, mayHaveBeenCharged };
    };

    for (let rounds = 1; ;) {
      const { rest, relation, begunBy } = course;
      const { capability, work, size, inquiry } = plan;
      const exclude = search.excluded();
      const wish = { model, capability, preferences, ...work, exclude, begunBy };
      const found = await finder.find(wish).catch(asFailure);
      signal.throwIfAborted();
      if (found instanceof TroopError) return failed(found);
      let next: NextStep;
      // The coordinator does not choose by what a node can do.
      if (found.kind === "nobody" || (found.kind === "any" && rest)) {
        next = search.afterNobody();
        if (next === "give_up" && course.startOver()) {
          plan = planOf(course.ask);
          next = "again";
        }
      } else {
        const openSink = (node: string) => asking.openSink(node, rest);
        const turn = { wish, size, inquiry, application, relation, openSink, signal };
        const ended = await tryTurn({ ...turn, node: found.node });
        if (ended.some(({ outcome }) => outcome !== "refused")) room.callNext();
        next = "again";
        for (const tried of ended) {
          if (tried.outcome === "answered") {
            const cost = formatCredits(course.cost + parseCredits(tried.line.cost));
            return { outcome: "answered", line: tried.line, node: tried.node!, cost };
          }
          ({ error } = tried);
          log.debug({ err: error, code: error.code, node: tried.node }, "attempt failed");
          if (error.code === "model_not_found")
            error = tried.node === undefined ? peers.notOffered(model) : wentAway(model, 0);
          const standing = course.failed(tried);
          const hasBegun = rest !== undefined || course.rest !== undefined;
          const step = search.afterFailure(tried.error.code, tried.node, hasBegun);
          if (standing === "further") deadline = clock.monotonic() + queueWaitMs;
          if (next !== "give_up") next = standing === "over" ? "give_up" : step;
        }
        if (course.rest !== rest) plan = planOf(course.ask);
      }
      if (next === "again") continue;
      const pauseMs = backoffMs(random, waitBetweenRounds, rounds);
      if (next === "give_up" || clock.monotonic() + pauseMs > deadline)
        return failed(error ?? peers.notOffered(model));
      await room.wait(pauseMs, signal);
      search.startRound();
      rounds += 1;
    }
  };
}

function asFailure(error: unknown): TroopError {
  if (error instanceof TroopError) return error;
  throw error;
}
