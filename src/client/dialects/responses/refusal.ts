/** Refusals that name the parameter as OpenAI does, `input[0].content[1].file_id`, and never repeat what was sent. */
import { z } from "zod";
import { TroopError } from "../../../protocol/error-codes.ts";
import { noteDropped } from "../../../protocol/schema-verdict.ts";

export const invalid = (param: string, text: string): TroopError =>
  new TroopError("invalid_value", `\`${param}\`: ${text}`, { param });

export const unsupported = (param: string, text: string): TroopError =>
  new TroopError("unsupported_parameter", `\`${param}\`: ${text}`, { param });

/**
 * @param param where the value stands. Keys within it that the schema does not have are added to `ignored`
 * @throws TroopError `invalid_value`
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  param: string,
  ignored: Set<string>,
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(param + suffix(issue?.path ?? []), `${issue?.message ?? "not understood"}.`);
  }
  noteDropped(param.replaceAll(/\[\d+\]/g, ""), value, parsed.data, ignored);
  return parsed.data;
}

/** Keys that do not look like ours are the caller's own text: the path ends before them. See also `ownObject`. */
function suffix(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (typeof part === "string" && /^[a-z_]{1,32}$/.test(part)) text += `.${part}`;
    else break;
  }
  return text;
}

/** An object with keys of the caller's own, which no refusal names. */
export const ownObject = <Value = unknown>(
  fits: (value: unknown, key: string) => boolean = () => true,
  expected = "expected an object.",
) =>
  z.custom<Record<string, Value>>(
    (value) => isObject(value) && Object.entries(value).every(([key, member]) => fits(member, key)),
    expected,
  );

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A name for `ignored`, or nothing where somebody's text stands in its place. */
export function noteUnknown(ignored: Set<string>, where: string, name: unknown): void {
  ignored.add(typeof name === "string" && /^\w{1,40}$/.test(name) ? `${where}.${name}` : where);
}
