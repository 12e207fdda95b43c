/** Time, chance, the environment and the end of the process each have one door; everything else is handed them. */
import { expect, test } from "vitest";
import { importsIn } from "./import-graph.ts";
import { forbid, isNamed, productionFiles, sourceFile, type Rule } from "./source-files.ts";

const clockFile = "src/base/clock.ts";
const randomFile = "src/base/random.ts";

const timeHasOneDoor = forbid(
  new RegExp(
    [
      /\bDate\s*\.\s*now\b/,
      /\bnew\s+Date\s*(\(\s*\)|(?![\w\s(]))/,
      /(?<!new\s+|[\w$.])Date\s*\(/,
      /\bperformance\s*\.\s*(now|timeOrigin)\b/,
      /\bprocess\s*\.\s*(hrtime|uptime)\b/,
      // A socket's or server's own `setTimeout` is an option, not a timer of ours.
      /(?<![\w$.])set(Timeout|Interval)\b/,
      /\b(globalThis|timers)\s*\.\s*set(Timeout|Interval)\b/,
      /\bAbortSignal\s*\.\s*timeout\b/,
    ]
      .map((pattern) => pattern.source)
      .join("|"),
    "g",
  ),
  isNamed(clockFile),
);

const chanceHasOneDoor = forbid(
  /\bMath\s*\.\s*random\b|\b(randomUUID(v7)?|random(Bytes|Int|Fill|FillSync)|getRandomValues)\b/g,
  isNamed(randomFile),
);

const noTimerModules: Rule = (files) =>
  importsIn(files)
    .filter(({ from, to }) => from !== clockFile && /^(node:)?timers(\/promises)?$/.test(to))
    .map(({ from, to }) => `${from} imports ${to}`);

const environmentHasOneDoor = forbid(
  /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|\{[^{}]*\benv\b[^{}]*\}\s*(from\b|=\s*process\b)/g,
  isNamed("config.ts", "src/host/env.ts"),
);

// Where a process begins: ours, the one that an engine runs in, and the one that proves.
const tops = [
  "src/main.ts",
  "src/worker/engines/llama-cpp/server.ts",
  "src/worker/proof/prover-process.ts",
];

const onlyTheTopExits = forbid(
  /\bprocess\s*\.\s*(exit|abort|reallyExit)\b/g,
  (path) => tops.includes(path) || path.startsWith("src/cli/"),
);

const planted = (rule: Rule, text: string, path = "src/worker/planted.ts") =>
  rule([sourceFile(path, text)]);

test("only base/clock.ts reads the time or sets a timer", () => {
  expect(timeHasOneDoor(productionFiles())).toEqual([]);
  expect(noTimerModules(productionFiles())).toEqual([]);
});

test.each([
  "const now = Date.now();",
  "const now = new Date();",
  "const now = new Date;",
  "const now = Date();",
  "const { now } = performance, start = performance.now();",
  "process.hrtime.bigint();",
  "setTimeout(f, 1);",
  "globalThis.setInterval(f, 1);",
  "fetch(url, { signal: AbortSignal.timeout(1) });",
  "const text = `${Date.now()}`;",
])("a second door to time is found: %s", (text) => {
  expect(planted(timeHasOneDoor, text)).toHaveLength(1);
});

test.each(["node:timers", "node:timers/promises", "timers"])("%s may not be imported", (module) => {
  expect(planted(noTimerModules, `import { setTimeout as wait } from "${module}";`)).toHaveLength(
    1,
  );
});

test.each([
  "const then = new Date(deadline);",
  `const then = new Date("2020-01-01");`,
  "socket.setTimeout(0);",
  "// Date.now()",
  `const text = "setTimeout(f, 1)";`,
  "const schema = z.iso.date(); isDate(x); toDate();",
])("what only looks like reading the time passes: %s", (text) => {
  expect(planted(timeHasOneDoor, text)).toEqual([]);
});

test("only base/random.ts draws random values", () => {
  expect(chanceHasOneDoor(productionFiles())).toEqual([]);
});

test.each([
  "const share = Math.random();",
  "const id = crypto.randomUUID();",
  `import { randomBytes } from "node:crypto";`,
  "globalThis.crypto.getRandomValues(bytes);",
])("a second door to chance is found: %s", (text) => {
  expect(planted(chanceHasOneDoor, text)).toHaveLength(1);
});

test("only config.ts files and host/env.ts read the environment", () => {
  expect(environmentHasOneDoor(productionFiles())).toEqual([]);
});

test.each([
  "const home = process.env.HOME;",
  `const home = process["env"];`,
  `import { env } from "node:process";`,
  "const { env } = process;",
])("a second door to the environment is found: %s", (text) => {
  expect(planted(environmentHasOneDoor, text)).toHaveLength(1);
  expect(planted(environmentHasOneDoor, text, "src/worker/config.ts")).toEqual([]);
});

test("only where a process begins is it ended", () => {
  expect(onlyTheTopExits(productionFiles())).toEqual([]);
});

test("a file that ends the process is found, one that sets the exit code is not", () => {
  expect(planted(onlyTheTopExits, "process.exit(1);")).toHaveLength(1);
  expect(planted(onlyTheTopExits, "process.exitCode = 1;")).toEqual([]);
  expect(planted(onlyTheTopExits, "process.exit(1);", "src/cli/cli.ts")).toEqual([]);
});
