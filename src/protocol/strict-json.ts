/** JSON from strangers, read strictly: what two readers could understand differently is refused. */
import { TroopError } from "./error-codes.ts";
import { limits } from "./limits.ts";

/**
 * Reads UTF-8 without a byte order mark, no key twice in an object, at most 32 levels deep, and no number or text
 * that would reach a database or an engine as something else.
 * @param most values in all
 * @throws TroopError `invalid_json`, `duplicate_key`, `json_too_deep`, `request_too_large`, `invalid_value` with the
 * outermost key
 */
export function readStrictJson(bytes: Uint8Array, most: number = limits.jsonValues): unknown {
  const text = decode(bytes);
  // Before parsing: depth costs the parser memory, and the parser keeps the last of two equal keys.
  checkStructure(text, most);
  const value = parse(text);
  checkValues(value, most);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    // A byte order mark is kept and then is no JSON (RFC 8259 §8.1).
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TroopError("invalid_json");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without its cause: the parser's message quotes the text.
    throw new TroopError("invalid_json");
  }
}

/** Only strings and brackets matter here; whatever else is wrong with the text the parser will find. */
function checkStructure(text: string, most: number): void {
  const keysOf: (Set<string> | undefined)[] = [];
  const tokens = /["{}[\]]/g;
  let begun = 0;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    // Each value has a key at most; the rest is counted when it is parsed.
    if (match[0] !== "}" && match[0] !== "]") begun += 1;
    if (begun > 2 * most) throw tooMany(most);
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
        if (keys && isKey(text, end)) addKey(keys, text.slice(match.index, end));
      }
    }
  }
}

/** @param quoted as written; `"a"` and `"\u0061"` are one key */
function addKey(keys: Set<string>, quoted: string): void {
  const key = parse(quoted) as string;
  if (keys.has(key)) throw new TroopError("duplicate_key");
  keys.add(key);
}

/** @returns where the string that starts at `start` is over, one past its closing quote */
function endOfString(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw new TroopError("invalid_json");
    let escapes = 0;
    while (text[quote - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

function isKey(text: string, end: number): boolean {
  let position = end;
  while (" \t\n\r".includes(text[position] ?? "?")) position += 1;
  return text[position] === ":";
}

function checkValues(outermost: unknown, most: number): void {
  let count = 0;

  function check(value: unknown, name: string | undefined): void {
    const refuse = (reason: string) =>
      new TroopError("invalid_value", reason, name === undefined ? {} : { param: name });
    count += 1;
    if (count > most) throw tooMany(most);
    if (typeof value === "number" && !Number.isFinite(value))
      throw refuse("A number is too large.");
    if (typeof value === "string" && !isPlain(value))
      throw refuse("A text holds a NUL or half of a surrogate pair.");
    if (typeof value !== "object" || value === null) return;
    // Bare loops: entries of millions of members take seconds, and a gigabyte.
    if (Array.isArray(value)) {
      for (const member of value) check(member, name);
      return;
    }
    for (const key of Object.keys(value)) {
      if (!isPlain(key)) throw refuse("A key holds a NUL or half of a surrogate pair.");
      check((value as Readonly<Record<string, unknown>>)[key], name ?? key);
    }
  }

  check(outermost, undefined);
}

const tooMany = (most: number) =>
  new TroopError(
    "request_too_large",
    `The body holds more than ${most.toLocaleString("en")} values.`,
  );

/** NUL and halves of surrogate pairs are JSON, but no database and no hash takes them. */
const isPlain = (text: string): boolean => text.isWellFormed() && !text.includes("\0");
