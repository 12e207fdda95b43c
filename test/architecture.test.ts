/** Imports go downward only, and the three roles meet on the wire: ARCHITECTURE.md's picture, held. */
import { isBuiltin } from "node:module";
import { expect, test } from "vitest";
import { cyclesOf, importsIn } from "./house-rules/import-graph.ts";
import { productionFiles, sourceFile, sourceFiles, type Rule } from "./house-rules/source-files.ts";

// Folders on one floor never import one another.
const floors = [
  ["base"],
  ["protocol"],
  ["host"],
  ["relay"],
  ["coordinator", "worker", "client"],
  ["cli"],
  ["main.ts"],
];

const partOf = (path: string) => path.split("/")[1] ?? "";
const floorOf = (path: string) =>
  path.startsWith("src/") ? floors.findIndex((parts) => parts.includes(partOf(path))) : -1;

const importsGoDownward: Rule = (files) =>
  importsIn(files)
    .filter(({ from, to, relative }) => {
      if (!relative) return false;
      const downward = floorOf(to) < floorOf(from) || partOf(to) === partOf(from);
      return floorOf(from) < 0 || floorOf(to) < 0 || !downward;
    })
    .map(({ from, to }) => `${from} imports ${to}`);

test("imports go downward only, and no role imports another", () => {
  expect(importsGoDownward(productionFiles())).toEqual([]);
});

test.each([
  ["src/base/a.ts", "../protocol/b.ts"],
  ["src/protocol/a.ts", "../host/b.ts"],
  ["src/host/a.ts", "../worker/b.ts"],
  ["src/host/a.ts", "../relay/b.ts"],
  ["src/relay/a.ts", "../worker/b.ts"],
  ["src/worker/engines/a.ts", "../../client/b.ts"],
  ["src/client/a.ts", "../coordinator/b.ts"],
  ["src/coordinator/a.ts", "../cli/b.ts"],
  ["src/cli/a.ts", "../main.ts"],
  ["src/cli/a.ts", "../../test/network.ts"],
  ["src/attic/a.ts", "../base/b.ts"],
])("%s may not import %s", (path, specifier) => {
  expect(importsGoDownward([sourceFile(path, `import "${specifier}";`)])).toHaveLength(1);
});

test.each([
  ["src/main.ts", "./cli/a.ts"],
  ["src/cli/commands/a.ts", "../../worker/b.ts"],
  ["src/worker/a.ts", "./engines/b.ts"],
  ["src/worker/a.ts", "../base/b.ts"],
  ["src/coordinator/a.ts", "../relay/b.ts"],
  ["src/host/a.ts", "../protocol/b.ts"],
])("%s may import %s", (path, specifier) => {
  expect(importsGoDownward([sourceFile(path, `import "${specifier}";`)])).toEqual([]);
});

const noCycles: Rule = (files) => cyclesOf(importsIn(files)).map((cycle) => cycle.join(" → "));

test("no imports run in a circle", () => {
  expect(noCycles(sourceFiles("src"))).toEqual([]);
});

test("a circle of imports is found", () => {
  const files = [
    sourceFile("src/base/a.ts", `import "./b.ts"; import "./d.ts";`),
    sourceFile("src/base/b.ts", `import type { C } from "./c/c.ts";`),
    sourceFile("src/base/c/c.ts", `export * from "../b.ts";`),
    sourceFile("src/base/d.ts", `import "./b.ts";`),
  ];
  expect(noCycles(files)).toEqual(["src/base/b.ts → src/base/c/c.ts"]);
});

// The lowest floors also run in a browser, where only these two have a stand-in.
const purityOf: Record<string, (module: string) => boolean> = {
  base: (module) => module === "node:buffer",
  protocol: (module) => module === "node:buffer" || module === "node:crypto" || !isBuiltin(module),
};

const lowFloorsArePure: Rule = (files) =>
  importsIn(files)
    .filter(({ from, to, relative }) => !relative && purityOf[partOf(from)]?.(to) === false)
    .map(({ from, to }) => `${from} imports ${to}`);

test("base imports nothing but itself, protocol no operating system", () => {
  expect(lowFloorsArePure(productionFiles())).toEqual([]);
});

test.each([
  ["src/base/a.ts", "zod"],
  ["src/base/a.ts", "node:crypto"],
  ["src/protocol/a.ts", "node:fs"],
  ["src/protocol/a.ts", "os"],
])("%s may not import %s", (path, specifier) => {
  expect(lowFloorsArePure([sourceFile(path, `import "${specifier}";`)])).toHaveLength(1);
});

test.each([
  ["src/base/a.ts", "node:buffer"],
  ["src/protocol/a.ts", "node:crypto"],
  ["src/protocol/a.ts", "zod"],
  ["src/host/a.ts", "node:fs"],
])("%s may import %s", (path, specifier) => {
  expect(lowFloorsArePure([sourceFile(path, `import "${specifier}";`)])).toEqual([]);
});
