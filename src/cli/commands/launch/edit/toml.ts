/** TOML, as far as it takes to set plain values: keys before the first table, and a table of our own. Pure. */
import { parse } from "smol-toml";
import type { Language } from "./setting.ts";

export const toml: Language = {
  read(text) {
    try {
      return parse(text);
    } catch {
      return undefined;
    }
  },
  write: (text, path, value) =>
    typeof value === "object"
      ? withTable(text, path.join("."), value as Table)
      : withKey(text, String(path.at(-1)), value as Plain),
};

type Plain = string | number | boolean;
type Table = Readonly<Record<string, Plain>>;

/** JSON's strings are TOML's basic ones. */
const line = (key: string, value: Plain) => `${key} = ${JSON.stringify(value)}\n`;
const header = /^\s*\[/;

/** Replaces the value on its line, or puts a line before all tables. */
function withKey(text: string, key: string, value: Plain): string {
  const lines = text.split(/(?<=\n)/);
  const isKey = new RegExp(String.raw`^(\s*${key}\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"']+)`);
  const tables = lines.findIndex((each) => header.test(each));
  const at = lines.slice(0, tables < 0 ? undefined : tables).findIndex((each) => isKey.test(each));
  if (at < 0) return line(key, value) + text;
  const put = lines[at]!.replace(isKey, (_all, start: string) => start + JSON.stringify(value));
  return lines.with(at, put).join("");
}

/** In the place of the table as it is, or behind everything. */
function withTable(text: string, name: string, table: Table): string {
  const ours = `[${name}]\n${Object.entries(table)
    .map(([key, value]) => line(key, value))
    .join("")}`;
  const lines = text.split(/(?<=\n)/);
  const start = lines.findIndex((each) => each.replace(/#.*/, "").trim() === `[${name}]`);
  if (start < 0) {
    const gap = text === "" || text.endsWith("\n\n") ? "" : text.endsWith("\n") ? "\n" : "\n\n";
    return text + gap + ours;
  }
  const next = lines.findIndex((each, at) => at > start && header.test(each));
  // What stands between this table and the next is the next one's: blank lines, and words about it.
  let end = next < 0 ? lines.length : next;
  while (end > start + 1 && /^\s*(#.*)?\s*$/.test(lines[end - 1]!)) end -= 1;
  return [...lines.slice(0, start), ours, ...lines.slice(end)].join("");
}
