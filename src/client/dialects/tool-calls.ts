/**
 * Tool calls as deltas, with the place and name that each needs: `index` always, `id` and `type` in a call's first
 * delta. Engines leave out the one or the other, count it wrongly, or anew in each answer, and another engine may have
 * been asked before.
 */
import { z } from "zod";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import {
  beginCall,
  type BegunCall,
  goOn,
  isSaidAgain,
  type Piece,
  placeOf,
} from "./tool-call-place.ts";

const text = z.string().nullish();
export const engineToolDelta = z.looseObject({
  // SGLang says -1 of a tool that was not offered.
  index: z.int().nullish(),
  id: text,
  function: z.looseObject({ name: text, arguments: text }).nullish(),
});
export type EngineToolDelta = z.infer<typeof engineToolDelta>;

export interface ToolDelta {
  index: number;
  id?: string;
  type?: "function";
  function: { name?: string; arguments: string };
}

export interface ToolCalls {
  /**
   * @returns undefined where a call is announced before its name is known, since applications heed its first delta's
   *   alone; and where what was said of it is said once more
   * @throws TroopError `stream_truncated`
   */
  read(delta: EngineToolDelta): ToolDelta | undefined;
  readonly count: number;
}

/** As many as a message of the next request may hold: an engine that goes on is no longer answering. */
const callsMost = 1_024;

/** Of a chat that is as nodes take it: ids of the calls that it has already. */
export function idsOfCalls({ messages }: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const calling = messages as readonly { tool_calls?: readonly { id: string }[] | null }[];
  return new Set(calling.flatMap(({ tool_calls: calls }) => (calls ?? []).map(({ id }) => id)));
}

/**
 * @param taken ids that are given no second time, as none is within an answer: Claude Code takes such a call for one
 *   that was broken off, and asks again until somebody stops it
 */
export function createToolCalls(random: Random, taken: ReadonlySet<string>): ToolCalls {
  const calls: BegunCall[] = [];
  const given = new Set(taken);

  /** The engine's own where it may be: templates of some models look at how an id is made. */
  function idFor(own: string): string {
    // Those of Mistral's refuse all but nine letters and digits, so that a made one has that form.
    const id = own && !given.has(own) ? own : random.uuid().replace("-", "").slice(0, 9);
    given.add(id);
    return id;
  }

  return {
    read(delta) {
      const piece: Piece = {
        ...{ index: delta.index ?? undefined, id: delta.id ?? "" },
        ...{ name: delta.function?.name ?? "", arguments: delta.function?.arguments ?? "" },
      };
      const place = placeOf(calls, piece);
      // The name came in the first delta; SDKs join names as they join arguments.
      if (place >= 0) {
        if (isSaidAgain(calls[place]!, piece)) return undefined;
        goOn(calls[place]!, piece.arguments);
        return { index: place, function: { arguments: piece.arguments } };
      }
      if (!piece.name && !piece.arguments) return undefined;
      if (calls.length >= callsMost) throw new TroopError("stream_truncated");
      const index = calls.push(beginCall(piece)) - 1;
      const called = { ...(piece.name && { name: piece.name }), arguments: piece.arguments };
      return { index, id: idFor(piece.id), type: "function", function: called };
    },
    get count() {
      return calls.length;
    },
  };
}
