/** Names, sizes and exports of files: what lets a reader find a thing by guessing, and read it in one go. */
import { basename } from "node:path";
import { expect, test } from "vitest";
import {
  filesUnder,
  forbid,
  isProduction,
  sourceFile,
  sourceFiles,
  type Rule,
} from "./source-files.ts";

const ceilingLines = 250;
const medianLines = 110;
const folders = ["src", "test", "tools", "bench", "bin", "examples"];
const barrel = "src/protocol/index.ts";

const lineCount = (text: string) => text.trimEnd().split("\n").length;

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const filesAreShort: Rule = (files) =>
  files
    .filter(({ text }) => lineCount(text) > ceilingLines)
    .map(({ path, text }) => `${path} has ${lineCount(text)} lines`);

const namesAreKebabCase = (paths: readonly string[]) =>
  paths.filter((path) => !/^(\/[a-z0-9]+([-.][a-z0-9]+)*)+$/.test(`/${path}`));

const nothingIsExportedByDefault = forbid(
  /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/g,
  // Where a tool asks for it.
  (path) => path.endsWith(".config.ts"),
);

const oneBarrel = forbid(
  /\bexport\s+(type\s+)?(\*(\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\b/g,
  (path) => path === barrel,
);

const noIndexFiles: Rule = (files) =>
  files
    .map(({ path }) => path)
    .filter((path) => basename(path).startsWith("index.") && path !== barrel);

test(`no file is longer than ${ceilingLines} lines`, () => {
  expect(filesAreShort(sourceFiles(...folders))).toEqual([]);
});

test("a file that is too long is found", () => {
  const lines = (count: number) => sourceFile("src/base/a.ts", "a;\n".repeat(count));
  expect(filesAreShort([lines(ceilingLines)])).toEqual([]);
  expect(filesAreShort([lines(ceilingLines + 1)])).toHaveLength(1);
});

test(`half of the files in src have at most ${medianLines} lines`, ({ annotate }) => {
  const counts = sourceFiles("src")
    .filter(isProduction)
    .map(({ text }) => lineCount(text));
  void annotate(`median ${median(counts)} lines, ${counts.length} files in src`);
  expect(median(counts)).toBeLessThanOrEqual(medianLines);
});

test("the median is the middle one", () => {
  expect(median([200, 10, 90])).toBe(90);
});

test("files and folders of code are named in kebab-case", () => {
  const paths = folders.flatMap(filesUnder).filter((path) => /\.(ts|mjs|js|tsx)$/.test(path));
  expect(namesAreKebabCase(paths)).toEqual([]);
});

test("names in another case are found", () => {
  const wrong = ["src/base/boundedMap.ts", "src/Base/clock.ts", "src/base/bounded_map.ts"];
  expect(namesAreKebabCase([...wrong, "src/base/bounded-map.test.ts"])).toEqual(wrong);
});

test("nothing is exported by default", () => {
  expect(nothingIsExportedByDefault(sourceFiles(...folders))).toEqual([]);
});

test.each(["export default function () {}", "export { a as default };"])(
  "a default export is found: %s",
  (text) => {
    expect(nothingIsExportedByDefault([sourceFile("src/base/a.ts", text)])).toHaveLength(1);
  },
);

test(`${barrel} is the only file that passes on another's exports`, () => {
  expect(oneBarrel(sourceFiles("src"))).toEqual([]);
  expect(noIndexFiles(sourceFiles("src", "test", "tools"))).toEqual([]);
});

test.each([
  `export * from "./b.ts";`,
  `export * as b from "./b.ts";`,
  `export { b } from "./b.ts";`,
  `export type { B } from "./b.ts";`,
])("another barrel is found: %s", (text) => {
  expect(oneBarrel([sourceFile("src/worker/a.ts", text)])).toHaveLength(1);
  expect(oneBarrel([sourceFile(barrel, text)])).toEqual([]);
});

test("another index file is found", () => {
  const files = [sourceFile("src/worker/index.ts", ""), sourceFile(barrel, "")];
  expect(noIndexFiles(files)).toEqual(["src/worker/index.ts"]);
});
