/** What somebody asks of the network, and what of it each node is asked. */
import type { Capability } from "../../protocol/node.ts";
import type { AnswerSink, Inquiry } from "../call/attempt.ts";
import type { Rest } from "./continuation.ts";
import type { RouteWish } from "../routing/node-finder.ts";

/** What a node is asked. */
export interface Ask {
  capability: Capability;
  /** Validated. */
  fields: Readonly<Record<string, unknown>>;
  inquiry: Inquiry;
}

export interface Asking extends Ask, Pick<RouteWish, "model" | "preferences"> {
  /** Name of the key that it came with, if it has one. */
  application?: string | undefined;
  /** Called for each attempt, with the node that it goes to, and what that is asked for where it is not all. */
  openSink(node: string, rest: Rest | undefined): AnswerSink;
  /** True once the application has received content: from then on nobody can begin again. */
  hasContent(): boolean;
  /** What is missing of an answer that has begun; undefined where it has not, or where nobody can go on with it. */
  rest?(): (Ask & Rest) | undefined;
  signal: AbortSignal;
}
