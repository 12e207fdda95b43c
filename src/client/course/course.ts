/**
 * The course of one request through the nodes: what the next of them is asked, and how that relates to what others were
 * asked before. Pure.
 *
 *   whole ──(content, then a failure)──► rest ──(more of it, then a failure)──► rest …
 *     ▲                                   │
 *     └──(nobody goes on, and the application has seen nothing yet)
 */
import type { Micro } from "../../protocol/credits.ts";
import type { Model } from "../../protocol/node.ts";
import type { Relation } from "../lines/acknowledge.ts";
import type { Ask, Asking } from "./asking.ts";
import type { Rest } from "./continuation.ts";
import type { Tried } from "./try-node.ts";

/**
 * - `over`: nobody may be asked any more;
 * - `further`: what is asked from now on is less than before;
 * - `as_before`: the same.
 */
export type Standing = "over" | "further" | "as_before";

export interface Course {
  readonly ask: Ask;
  /** Undefined where all of it is asked. */
  readonly rest: (Ask & Rest) | undefined;
  readonly relation: Relation;
  /** What began the answer: only the same goes on with it. */
  readonly begunBy: Model | undefined;
  /** Of all whose line is there. */
  readonly cost: Micro;
  readonly mayHaveBeenCharged: boolean;
  failed(tried: Exclude<Tried, { outcome: "answered" }>): Standing;
  /** All of it is asked again. @returns false where that may not be, or was so before */
  startOver(): boolean;
}

export function createCourse(asking: Asking): Course {
  let rest: (Ask & Rest) | undefined;
  let relation: Relation = {};
  let begunBy: Model | undefined;
  let cost = 0n;
  let lastName: string | undefined;

  function startOver(): boolean {
    if (!rest || asking.hasContent()) return false;
    rest = undefined;
    relation = lastName ? { retry_of: lastName } : {};
    return true;
  }

  return {
    get ask() {
      return rest ?? asking;
    },
    get rest() {
      return rest;
    },
    get relation() {
      return relation;
    },
    get begunBy() {
      return rest && begunBy;
    },
    get cost() {
      return cost;
    },
    get mayHaveBeenCharged() {
      return lastName !== undefined;
    },
    failed(tried) {
      const { name, offer, hasSpoken } = tried;
      if (tried.outcome === "failed") cost += tried.cost;
      lastName = name ?? lastName;
      const left = asking.rest?.();
      if (left && name && hasSpoken && left.tokens > (rest?.tokens ?? 0)) {
        const { continues = name, part = 1 } = relation;
        relation = { continues, part: part + 1 };
        if (!rest) begunBy = offer;
        rest = left;
        return "further";
      }
      if (name) relation = { ...relation, retry_of: name };
      if (left) return "as_before";
      if (rest) return startOver() ? "as_before" : "over";
      return asking.hasContent() ? "over" : "as_before";
    },
    startOver,
  };
}
