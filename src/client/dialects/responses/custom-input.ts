/**
 * The input of a custom tool, out of the arguments `{"input": "…"}` of the function that it is offered as, while they
 * arrive. Models err: what is not of this form is taken for the input itself. Pure.
 */

export interface CustomInput {
  /** @returns what of the input this makes known */
  add(fragment: string): string;
  /** @returns what was held back */
  end(): string;
}

const opening = /^\s*\{\s*"input"\s*:\s*"/;
const escapes: Readonly<Record<string, string>> = {
  ...{ '"': '"', "\\": "\\", "/": "/" },
  ...{ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" },
};

export function createCustomInput(): CustomInput {
  let raw = "";
  /** Where decoding goes on; undefined before the opening, or after the closing quote. */
  let at: number | undefined;
  let isClosed = false;
  /** Half of a pair: it is told with its other half. */
  let high = "";

  function decode(): string {
    let text = "";
    while (at !== undefined && at < raw.length) {
      const char = raw[at]!;
      if (char === '"') {
        at = undefined;
        isClosed = true;
        break;
      }
      const read = char === "\\" ? readEscape(raw, at) : { text: char, length: 1 };
      if (!read) break;
      at += read.length;
      text += high + read.text;
      high = "";
      if (isHighSurrogate(text.at(-1))) {
        high = text.at(-1)!;
        text = text.slice(0, -1);
      }
    }
    return isClosed ? text + takeHigh() : text;
  }

  function takeHigh(): string {
    const half = high;
    high = "";
    return half;
  }

  return {
    add(fragment) {
      raw += fragment;
      if (isClosed) return "";
      at ??= opening.exec(raw)?.[0].length;
      return decode();
    },
    end() {
      if (isClosed || at !== undefined) return takeHigh();
      isClosed = true;
      return otherForm(raw);
    },
  };
}

const isHighSurrogate = (char: string | undefined) =>
  char !== undefined && char >= "\ud800" && char <= "\udbff";

/** Undefined while it is not all there. What JSON does not know stands for itself. */
function readEscape(raw: string, at: number): { text: string; length: number } | undefined {
  const kind = raw[at + 1];
  if (kind === undefined) return undefined;
  if (kind !== "u") return { text: escapes[kind] ?? `\\${kind}`, length: 2 };
  const digits = raw.slice(at + 2, at + 6);
  if (/^[0-9a-f]{4}$/i.test(digits))
    return { text: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 };
  return /^[0-9a-f]*$/i.test(digits) && digits.length < 4 ? undefined : { text: "\\u", length: 2 };
}

/** A JSON string, an object with other members before `input`, or the bare input. */
function otherForm(raw: string): string {
  try {
    const value: unknown = JSON.parse(raw);
    if (typeof value === "string") return value;
    const { input } = value as { input?: unknown };
    return typeof input === "string" ? input : raw;
  } catch {
    return raw;
  }
}
