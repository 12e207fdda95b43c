/** JSON as a careful reader takes it: UTF-8 without a byte order mark, no key twice, not nested too deeply. */
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

/** @throws TroopError `invalid_json`, `duplicate_key`, `json_too_deep`, `invalid_value` */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  // Before parsing: a deep text would cost the parser its stack.
  checkDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TroopError("invalid_json", undefined, { cause: error });
  }
  checkKeys(text);
  checkStrings(value, []);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    // `ignoreBOM` keeps the mark, and JSON does not know it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new TroopError("invalid_json", undefined, { cause: error });
  }
}

/** A string, or one of the characters that open and close what can nest. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

function checkDepth(text: string): void {
  let depth = 0;
  for (const [token] of text.matchAll(tokens)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth > limits.jsonDepth) throw new TroopError("json_too_deep");
  }
}

/** @param text known to be well-formed */
function checkKeys(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1)!;
      // Parsed, because "a" and "\u0061" are one key.
      const key = JSON.parse(last) as string;
      if (keys.has(key)) throw new TroopError("duplicate_key");
      keys.add(key);
    }
    last = token;
  }
}

/** NUL and halves of surrogate pairs are JSON, but no database and no hash takes them. */
function checkStrings(value: unknown, path: readonly (string | number)[]): void {
  if (typeof value === "string") {
    if (isPlain(value)) return;
    throw new TroopError("invalid_value", "A text holds characters that no text may hold.", {
      param: path.join("."),
    });
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (!isPlain(key))
      throw new TroopError("invalid_value", "A key holds characters that no text may hold.");
    checkStrings(member, [...path, key]);
  }
}

const isPlain = (text: string): boolean => text.isWellFormed() && !text.includes("\0");
