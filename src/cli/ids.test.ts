import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { runCli } from "./cli.ts";

async function errorOf(...words: string[]): Promise<string> {
  const stderr = new PassThrough();
  await runCli(words, {
    ...{ terminal: { stdout: new PassThrough(), stderr, stdin: new PassThrough() } },
    ...{ environment: {}, shutdown: new AbortController().signal },
  } as unknown as Parameters<typeof runCli>[1]);
  stderr.end();
  return String(stderr.read());
}

test.each([`-${"a".repeat(42)}`, `--${"b".repeat(41)}`])(
  "an account id such as %s is not taken for a flag",
  async (id) => {
    // Far enough to ask which coordinator: the words themselves were understood.
    expect(await errorOf("gift", id, "1", "--yes")).not.toContain("Unknown option");
    expect(await errorOf("gift", id, "1", "--yes")).toContain("configuration_invalid");
  },
);

test("a flag that does not exist still is an error", async () => {
  expect(await errorOf("gift", "someone", "1", "--everything")).toContain("Unknown option");
});
