/** The package as npm would publish it: built, packed, installed into an empty folder, and used from there. */
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AskResult } from "../src/cli/demo/ask-and-settle.ts";
import { repository } from "./house-rules/source-files.ts";
import { createFolder, lastObject, startProgram } from "./support/processes.ts";

const timeout = 300_000;
const bin = join(repository, "node_modules", ".bin");

let work: Awaited<ReturnType<typeof createFolder>>;
/** Where the package is installed. */
let project: string;
/** Paths inside the tarball. */
let packed: string[];

async function run(folder: string, command: string, ...words: string[]) {
  const exit = await startProgram(command, words, { folder }).ended;
  if (exit.code !== 0)
    throw new Error(`${command} ${words.join(" ")}:\n${exit.stdout}${exit.stderr}`);
  return exit;
}

/** Beside the checkout, where a build would be in everybody's way. */
beforeAll(async () => {
  work = await createFolder();
  const copy = join(work.path, "copy");
  const own = new Set([".git", "node_modules", "dist"]);
  for (const name of (await readdir(repository)).filter((entry) => !own.has(entry)))
    await cp(join(repository, name), join(copy, name), { recursive: true });
  await run(
    repository,
    join(bin, "tsc"),
    "-p",
    "tsconfig.build.json",
    "--outDir",
    join(copy, "dist"),
  );
  const { stdout } = await run(copy, "npm", "pack", "--ignore-scripts", "--json");
  const [tarball] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  packed = tarball!.files.map(({ path }) => path);

  project = join(work.path, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), `{ "private": true, "type": "module" }`);
  const file = join(copy, tarball!.filename);
  await run(
    project,
    "npm",
    "install",
    "--omit=dev",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    file,
  );
}, timeout);

afterAll(() => work[Symbol.asyncDispose]());

test("the package holds what it runs on and what its users read, and nothing else", () => {
  for (const path of [
    ...["package.json", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", ".env.example"],
    ...["bin/troop.mjs", "models/troop-toy.gguf", "docs/errors.md", "dist/src/main.js"],
    "examples/openai-node.ts",
    ...["dist/src/protocol/index.js", "dist/src/protocol/index.d.ts"],
    "dist/src/worker/engines/llama-cpp/server.js",
    // npm leaves a package's own lock out, but not those of the engines.
    ...["package.json", "package-lock.json"].map((name) => `engines/llama-cpp/linux-x64/${name}`),
  ]) {
    expect(packed).toContain(path);
  }
  const known =
    /^(bin|dist\/src|engines|models|docs|examples)\/|^(\.env\.example|LICENSE|package\.json|[A-Z]+\.md)$/;
  expect(packed.filter((path) => !known.test(path))).toEqual([]);
  const unneeded =
    /\.(test|fixture|contract)\.|(?<!\.d)\.ts$|recorded-|scripted-|\.tsbuildinfo|node_modules/;
  const ours = packed.filter((path) => !path.startsWith("examples/"));
  expect(ours.filter((path) => unneeded.test(path))).toEqual([]);
});

test("npx troop demo --ask answers and settles", { timeout }, async () => {
  const ask = ["troop", "demo", "--ask", "What is a ticket?", "--json"];
  const exit = await run(project, "npx", "--no-install", ...ask);
  const result = lastObject(exit) as AskResult;
  expect(result.answer).toMatch(/^A ticket is/);
  expect(result.receipt).toEqual({ settled: true, acknowledged: true });
});

test("its own failures name the command as it was typed", async () => {
  const exit = await startProgram("npx", ["--no-install", "troop", "up", "--bogus"], {
    folder: project,
  }).ended;
  expect(exit).toMatchObject({ code: 2, stdout: "" });
  expect(exit.stderr).toMatch(
    /^error: usage: .*\ncause: .*--bogus.*\ntry: {3}npx troop up --help$/m,
  );
});

const program = `import { costOf, readCredits, type Rate } from "monkey-troop/protocol";
const rate: Rate = { perSecond: 50_000_000_000n, perPromptToken: 1_000_000n, perCompletionToken: 2_000_000n };
const cost: bigint = costOf({ billedMs: 1_000, promptTokens: 10, completionTokens: 20 }, rate);
console.log(String(cost), readCredits("1.5"));
`;

test("monkey-troop/protocol is imported with its types", { timeout }, async () => {
  await writeFile(join(project, "cost.ts"), program);
  const options = [
    "--module",
    "nodenext",
    "--target",
    "es2025",
    "--strict",
    "--skipLibCheck",
    "false",
  ];
  const types = ["--types", "node", "--typeRoots", join(repository, "node_modules", "@types")];
  await run(project, join(bin, "tsc"), "--noEmit", ...options, ...types, "cost.ts");
  const wrong = program.replace("const cost: bigint", "const cost: number");
  await writeFile(join(project, "wrong.ts"), wrong);
  await expect(
    run(project, join(bin, "tsc"), "--noEmit", ...options, ...types, "wrong.ts"),
  ).rejects.toThrow(/'bigint' is not assignable to type 'number'/);
  const { stdout } = await run(project, process.execPath, "cost.ts");
  expect(stdout).toBe("50 1500000n\n");
  // Only what is public can be imported.
  const inside = `import("monkey-troop/dist/src/main.js").catch(({ code }) => console.log(code))`;
  const refused = await run(project, process.execPath, "--input-type=module", "-e", inside);
  expect(refused.stdout).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
});
