/**
 * Tool calls as deltas, with the place and name that each needs: `index` always, `id` and `type` in a call's first
 * delta. Engines differ: some leave the index out, some give every call the same, some send no id.
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

export function createToolCalls(random: Random): ToolCalls {
  /** Ids of the calls begun so far; a call's index is its place. */
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
        const id = delta.id || `call_${random.uuid().replaceAll("-", "")}`;
        const index = ids.push(id) - 1;
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
