import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { sentence } from "./closing-line-reporter.ts";

const config = join(import.meta.dirname, "../vitest.config.ts");
const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");

/** The last line and the status of a run over these test files. */
async function run(files: Record<string, string>, environment: Record<string, string> = {}) {
  const root = await mkdtemp(join(tmpdir(), "closing-line-"));
  try {
    await mkdir(join(root, "test"));
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(root, "test", name), content);
    }
    const child = spawn(
      process.execPath,
      [vitest, "run", "--root", root, "--config", config, "--globals"],
      { stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env["PATH"], ...environment } },
    );
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return { lastLine: output.trimEnd().split("\n").at(-1), status };
  } finally {
    await rm(root, { recursive: true });
  }
}

const good = { "good.test.ts": `test("a", () => {}); test("b", () => {});` };
const skipped = { "skipped.test.ts": `test.skip("c", () => {}); test.todo("d");` };

test("the last line counts tests", async () => {
  expect(await run(good)).toEqual({ lastLine: "2 passed, 0 failed", status: 0 });
});

test("skipped tests are counted apart, and in CI they fail the run", async () => {
  const files = { ...good, ...skipped };
  expect(await run(files)).toEqual({ lastLine: "2 passed, 0 failed, 2 skipped", status: 0 });
  expect(await run(files, { CI: "true" })).toEqual({ lastLine: "2 passed, 2 failed", status: 1 });
});

test("whatever fails outside of a test counts too", async () => {
  const files = {
    ...good,
    "wrong.test.ts": `test("e", () => { throw new Error("on purpose"); });`,
    "import.test.ts": `import "./nowhere.ts"; test("f", () => {});`,
    "hook.test.ts": `describe("g", () => { afterAll(() => { throw new Error("on purpose"); }); test("h", () => {}); });`,
    "stray.test.ts": `test("i", async () => { void Promise.reject(new Error("on purpose")); });`,
  };
  expect(await run(files)).toEqual({ lastLine: "4 passed, 4 failed", status: 1 });
});

test("the line is the same sentence everywhere", () => {
  const tally = { passed: 3, failed: 1, skipped: 2 };
  expect(sentence(tally, false)).toBe("3 passed, 1 failed, 2 skipped");
  expect(sentence(tally, true)).toBe("3 passed, 3 failed");
});
