/**
 * JSON with comments and trailing commas, as editors and agents keep their settings. Pure. jsonc-parser finds the
 * places; the words are put in here, because its own editing also rewrites the lines beside what it sets.
 */
import {
  applyEdits,
  createScanner,
  findNodeAtLocation,
  modify,
  type Node,
  parse,
  type ParseError,
  parseTree,
} from "jsonc-parser";
import type { Language } from "./setting.ts";

const reading = { allowTrailingComma: true };

export const json: Language = {
  read(text) {
    if (text.trim() === "") return {};
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, reading);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return errors.length === 0 && isObject ? (value as Record<string, unknown>) : undefined;
  },
  write(text, place, value) {
    const whole = text.trim() === "" ? "{}\n" : text;
    const root = parseTree(whole, [], reading);
    if (!root) return whole;
    const node = findNodeAtLocation(root, place);
    if (node) return replaced(whole, node.offset, node.offset + node.length, value);
    // What is missing on the way is made with it.
    let depth = place.length - 1;
    while (depth > 0 && !findNodeAtLocation(root, place.slice(0, depth))) depth -= 1;
    const parent = depth === 0 ? root : findNodeAtLocation(root, place.slice(0, depth))!;
    const inner = place
      .slice(depth + 1)
      .reduceRight<unknown>((within, key) => ({ [key]: within }), value);
    return parent.type === "object" ? inserted(whole, parent, String(place[depth]), inner) : whole;
  },
  remove: (text, place) => applyEdits(text, modify(text, [...place], undefined, {})),
};

const unitOf = (text: string): string => /^([ \t]+)"/m.exec(text)?.[1] ?? "  ";
const lineEndOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** Of the line that this place is on. */
function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))![0];
}

const written = (text: string, value: unknown, indent: string): string =>
  JSON.stringify(value, null, unitOf(text)).replaceAll("\n", lineEndOf(text) + indent);

const replaced = (text: string, start: number, end: number, value: unknown): string =>
  text.slice(0, start) + written(text, value, indentAt(text, start)) + text.slice(end);

/** Behind the last member, on a line of its own unless the object is all on one. */
function inserted(text: string, object: Node, key: string, value: unknown): string {
  const [start, end] = [object.offset, object.offset + object.length];
  const last = object.children?.at(-1);
  const lineEnd = lineEndOf(text);
  const outer = indentAt(text, start);
  if (!last) {
    const inner = outer + unitOf(text);
    const member = `${JSON.stringify(key)}: ${written(text, value, inner)}`;
    const said = text.slice(start + 1, end - 1).trimEnd();
    return `${text.slice(0, start + 1)}${said}${lineEnd}${inner}${member}${lineEnd}${outer}${text.slice(end - 1)}`;
  }
  const lastEnd = last.offset + last.length;
  const comma = commaBehind(text, lastEnd);
  const withComma = comma === undefined ? `${text.slice(0, lastEnd)},${text.slice(lastEnd)}` : text;
  const behind = (comma ?? lastEnd) + 1;
  if (!text.slice(start, end).includes("\n"))
    return `${withComma.slice(0, behind)} ${JSON.stringify(key)}: ${JSON.stringify(value)}${withComma.slice(behind)}`;
  const inner = indentAt(text, last.offset);
  // Words about the last member stay on its line.
  const restOfLine = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*)?(?=\r?\n)/;
  const at = behind + (restOfLine.exec(withComma.slice(behind))?.[0].length ?? 0);
  const trailing = comma === undefined ? "" : ",";
  const member = `${JSON.stringify(key)}: ${written(text, value, inner)}${trailing}`;
  return `${withComma.slice(0, at)}${lineEnd}${inner}${member}${withComma.slice(at)}`;
}

/** Where a trailing comma stands, behind whatever comments. */
function commaBehind(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return text[at] === "," ? at : undefined;
}
