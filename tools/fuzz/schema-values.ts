/** Values that fit a JSON schema: what a well-meaning caller might say. */
import fc from "fast-check";

export interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  maxItems?: number;
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** What means something at the coordinator that is called. The token stands for it in cases, so that they repeat. */
export interface Word {
  token: string;
  value: string;
}

export function valuesOf(schema: Schema, words: readonly Word[]): fc.Arbitrary<unknown> {
  const of = (part: Schema) => valuesOf(part, words);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(of));
  switch (schema.type) {
    case "object": {
      const { properties = {}, required = [] } = schema;
      const parts = Object.fromEntries(
        Object.entries(properties).map(([name, part]) => [name, of(part)]),
      );
      return fc.record(parts, { requiredKeys: required.filter((name) => name in parts) });
    }
    case "array":
      return fc.array(of(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 4, 4) });
    case "string":
      return textsOf(schema, words);
    case "integer":
    case "number":
      return numbersOf(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function textsOf(schema: Schema, words: readonly Word[]): fc.Arbitrary<string> {
  const { pattern, minLength = 0, maxLength = 10_000 } = schema;
  const shape = pattern === undefined ? undefined : new RegExp(pattern);
  const fitting = words.filter(
    ({ value }) =>
      value.length >= minLength && value.length <= maxLength && (shape?.test(value) ?? true),
  );
  const made = madeTexts(schema);
  if (fitting.length === 0) return made;
  const known = fc.constantFrom(...fitting.map(({ token }) => token));
  return fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: made });
}

function madeTexts({ pattern, format, minLength, maxLength }: Schema): fc.Arbitrary<string> {
  if (format === "uuid") return fc.uuid({ version: 4 });
  try {
    if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  } catch {
    // A pattern that cannot be turned round.
  }
  return fc.string({
    minLength: minLength ?? 0,
    maxLength: Math.min(maxLength ?? 40, 40),
    unit: "grapheme",
  });
}

function numbersOf({ type, minimum = 0, maximum = 2 ** 31 }: Schema): fc.Arbitrary<number> {
  const [min, max] = [Math.max(minimum, -(2 ** 31)), Math.min(maximum, 2 ** 53 - 1)];
  const usual = fc.integer({ min, max });
  const edges = fc.constantFrom(min, max, Math.min(max, min + 1));
  return type === "integer"
    ? fc.oneof(usual, edges)
    : fc.oneof(usual, edges, fc.double({ min, max, noNaN: true }));
}
