/** Reads a part of a request to some API: what is understood as a value, what is not by name. Pure. */
import type { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import { closest, noteDropped } from "../../protocol/schema-verdict.ts";

/**
 * @param schema one that names every key which a path may go through: none is the caller's own text
 * @param where the part's path, as `messages.0.content`; empty for the whole body
 * @param ignored takes the names of what was left out, with no places of lists in them
 * @throws TroopError `invalid_value` with the parameter as the API names it
 */
export function readPart<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  where: string,
  ignored: Set<string>,
): Value {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = closest(parsed.error.issues[0]!);
    const path = [where, ...issue.path].filter((part) => part !== "").join(".");
    if (path === "") throw new TroopError("invalid_value", "The body must be a JSON object.");
    throw invalid(path, issue.message);
  }
  const dropped = new Set<string>();
  noteDropped(where.replace(/\.\d+/g, ""), value, parsed.data, dropped);
  for (const path of dropped) ignored.add(path.replace(/^\./, ""));
  return parsed.data;
}

export const invalid = (param: string, message: string): TroopError =>
  new TroopError("invalid_value", `\`${param}\`: ${message}.`, { param });
