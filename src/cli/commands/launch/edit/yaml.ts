/** YAML. What is set goes in as lines of its own where the file is written in lines, as people write it. Pure. */
import { type Document, isMap, isNode, isSeq, parseDocument, stringify } from "yaml";
import type { Language } from "./setting.ts";

/** Long values stay on their line. */
const style = { lineWidth: 0 };

export const yaml: Language = {
  read(text) {
    const document = parseDocument(text);
    if (document.errors.length > 0) return undefined;
    const value: unknown = document.toJS() ?? {};
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  },
  write(text, path, value) {
    const document = parseDocument(text);
    return inLines(text, document, path, value) ?? rewritten(document, path, value);
  },
};

/** Comments stay, spaces may change: for files in a style that lines cannot be put into. */
function rewritten(document: Document, path: readonly (string | number)[], value: unknown): string {
  document.setIn(path, value);
  return document.toString(style);
}

function inLines(
  text: string,
  document: Document.Parsed,
  path: readonly (string | number)[],
  value: unknown,
): string | undefined {
  const [key, index] = path;
  const { contents } = document;
  const isBlock = contents === null || (isMap(contents) && !contents.flow);
  if (!isBlock || typeof key !== "string") return undefined;
  const present = document.get(key, true);
  if (path.length === 1 && present === undefined)
    return append(text, stringify({ [key]: value }, style));
  if (path.length === 1 && isNode(present) && present.range && typeof value === "string")
    return (
      text.slice(0, present.range[0]) +
      stringify(value, style).trimEnd() +
      text.slice(present.range[1])
    );
  if (path.length !== 2 || typeof index !== "number") return undefined;
  if (present === undefined) return append(text, stringify({ [key]: [value] }, style));
  if (!isSeq(present) || present.flow || index !== present.items.length) return undefined;
  const last = present.items.at(-1);
  if (!isNode(last) || !last.range || !present.range) return undefined;
  const column = present.range[0] - (text.lastIndexOf("\n", present.range[0] - 1) + 1);
  const lines = stringify([value], style).replaceAll(/^(?=.)/gm, " ".repeat(column));
  const end = endOfLine(text, last.range[1]);
  return append(text.slice(0, end), lines) + text.slice(end);
}

/** Where the line ends that a value ends in, which may be where the next one begins already. */
function endOfLine(text: string, at: number): number {
  if (text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

const append = (text: string, lines: string): string =>
  text === "" || text.endsWith("\n") ? text + lines : `${text}\n${lines}`;
