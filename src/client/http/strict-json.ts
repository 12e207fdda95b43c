/** JSON from strangers, read strictly: what two readers could understand differently is refused. */
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

/** @throws TroopError `invalid_json`, `duplicate_key`, `json_too_deep`, `invalid_value` */
export function readStrictJson(bytes: Uint8Array): unknown {
  let value: unknown;
  let text: string;
  try {
    // A byte order mark is kept and then is no JSON (RFC 8259 §8.1).
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    // Without its cause: the parser's message quotes the text.
    throw new TroopError("invalid_json");
  }
  checkKeys(text);
  checkValues(value);
  return value;
}

/** Walks text that is known to be JSON; only strings and brackets matter. */
function checkKeys(text: string): void {
  const keysOf: (Set<string> | undefined)[] = [];
  // A quote starts a string, a bracket changes the depth; the rest is skipped by the expression.
  const tokens = /["{}[\]]/g;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    switch (match[0]) {
      case "{":
      case "[":
        keysOf.push(match[0] === "{" ? new Set() : undefined);
        if (keysOf.length > limits.jsonDepth) throw new TroopError("json_too_deep");
        break;
      case "}":
      case "]":
        keysOf.pop();
        break;
      default: {
        const end = endOfString(text, match.index);
        const keys = keysOf.at(-1);
        tokens.lastIndex = end;
        if (!keys || !isKey(text, end)) break;
        const key = JSON.parse(text.slice(match.index, end)) as string;
        if (keys.has(key)) throw new TroopError("duplicate_key");
        keys.add(key);
      }
    }
  }
}

/** @returns where the string that starts at `start` is over, one past its closing quote */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (text[quote - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return quote + 1;
  }
}

function isKey(text: string, end: number): boolean {
  let position = end;
  while (" \t\n\r".includes(text[position] ?? "?")) position += 1;
  return text[position] === ":";
}

/** Numbers past all bounds and text that is no Unicode would reach an engine as something else. */
function checkValues(value: unknown, name?: string): void {
  const refuse = (reason: string) =>
    new TroopError("invalid_value", reason, name === undefined ? {} : { param: name });
  if (typeof value === "number" && !Number.isFinite(value))
    throw refuse("A number is larger than can be told exactly.");
  if (typeof value === "string" && (!value.isWellFormed() || value.includes("\0")))
    throw refuse("A text holds a NUL or half of a surrogate pair.");
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) checkValues(member, name ?? key);
}
