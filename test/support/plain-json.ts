/** What commands print as JSON, less all that differs from machine to machine and from run to run. */
import { packageVersion } from "../../src/host/package.ts";
import { repository } from "../house-rules/source-files.ts";

const standIns: readonly [RegExp, string][] = [
  [/\b127\.0\.0\.1:\d+/g, "127.0.0.1:<port>"],
  [/\btroop-[\w-]{43}(?![\w-])/g, "<key>"],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b[0-9a-z]{4}(-[0-9a-z]{4}){3}\b/g, "<code>"],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, "<id>"],
  [/^local:\S+$/g, "local:<user>"],
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>"],
  [/-?\b\d+\.\d{12}\b/g, "<rate>"],
  [/-?\b\d+\.\d{6}\b/g, "<credits>"],
  [/^(\d+(\.\d+)? m?s × .*|capped by tokens: .*)$/g, "<what was charged for>"],
  [/\b\d+(\.\d+)? m?s\b/g, "<duration>"],
];
/** Numbers that nobody chooses. */
const measured = /(_ms|_bytes|bytes|pid|port|cores|at|since|vests|log_lines|findings|reputation)$/;
/** Seconds or milliseconds. */
const firstTime = 1e9;

/** @param folders whose paths are replaced, by what stands for each */
export function plainJson(value: unknown, folders: Readonly<Record<string, string>>): unknown {
  const places = Object.entries({ ...folders, "<package>": repository, "<node>": process.execPath })
    // The longest first: one may lie in another.
    .toSorted(([, left], [, right]) => right.length - left.length);
  const plainText = (text: string) => {
    const placed = places.reduce((left, [name, path]) => left.replaceAll(path, name), text);
    const versioned = placed.replaceAll(packageVersion, "<version>");
    return standIns.reduce((left, [pattern, name]) => left.replaceAll(pattern, name), versioned);
  };
  const plain = (one: unknown, name = ""): unknown => {
    // Which of the two a receipt first met is chance.
    if (name === "receipt") return "settled or vesting";
    if (name === "password") return "<password>";
    if (typeof one === "string") return plainText(one);
    if (typeof one === "number") {
      if (one >= firstTime) return "<time>";
      return measured.test(name) || !Number.isInteger(one) ? "<number>" : one;
    }
    if (Array.isArray(one)) return one.map((item) => plain(item, name));
    if (typeof one !== "object" || one === null) return one;
    // What a node's answers come to changes with each of them.
    if (name === "reputation")
      return Object.fromEntries(Object.keys(one).map((key) => [key, `<${key}>`]));
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, plain(item, key)]));
  };
  return plain(value);
}
