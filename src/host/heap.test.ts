/** The flag is V8's own and no promise of Node's: a V8 that no longer knows it says so, and goes on without it. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("this V8 knows the flag that bounds how far the heap grows", () => {
  const module = JSON.stringify(new URL("./heap.ts", import.meta.url).href);
  const script = `import { collectAtTwice } from ${module}; collectAtTwice();`;
  const words = ["--no-warnings", "--input-type=module", "--eval", script];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
