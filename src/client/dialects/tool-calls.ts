/**
 * Tool calls as deltas, with the place and name that each needs: `index` always, `id` and `type` in a call's first
 * delta. Engines differ: some leave the index out, some give every call the same, some send no id, some count ids
 * anew in each answer, and another engine may have been asked before.
 */
import { z } from "zod";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";

const text = z.string().nullish();
export const engineToolDelta = z.looseObject({
  index: z.int().nonnegative().nullish(),
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
  /** @throws TroopError `stream_truncated` */
  read(delta: EngineToolDelta): ToolDelta;
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
 * @param taken ids that are given no second time: Claude Code takes such a call for one that was broken off, and asks
 *   again until somebody stops it
 */
export function createToolCalls(random: Random, taken: ReadonlySet<string>): ToolCalls {
  /** The engine's ids of the calls begun so far; a call's index is its place. */
  const ids: string[] = [];
  /** The engine's index and ours, where they differ. */
  const placeOf = new Map<number, number>();

  function isNew({ index, id, function: called }: EngineToolDelta): boolean {
    if (id) return !ids.includes(id);
    if (typeof index === "number") return !placeOf.has(index);
    return ids.length === 0 || !!called?.name;
  }

  return {
    read(delta) {
      const { name, arguments: fragment } = delta.function ?? {};
      const called = { ...(name ? { name } : {}), arguments: fragment ?? "" };
      if (isNew(delta)) {
        if (ids.length >= callsMost) throw new TroopError("stream_truncated");
        const made = `call_${random.uuid().replaceAll("-", "")}`;
        const index = ids.push(delta.id || made) - 1;
        // Otherwise the engine's own: templates of some models look at how an id is made.
        const id = !delta.id || taken.has(delta.id) ? made : delta.id;
        if (typeof delta.index === "number") placeOf.set(delta.index, index);
        return { index, id, type: "function", function: called };
      }
      const byId = delta.id ? ids.indexOf(delta.id) : -1;
      const byIndex = typeof delta.index === "number" ? placeOf.get(delta.index) : undefined;
      const index = byId >= 0 ? byId : (byIndex ?? ids.length - 1);
      // The name came in the first delta; SDKs join names as they join arguments.
      return { index, function: { arguments: called.arguments } };
    },
    get count() {
      return ids.length;
    },
  };
}
