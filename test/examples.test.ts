/** The examples, as somebody runs them who has just found them: real processes against a sidecar. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repository } from "./house-rules/source-files.ts";
import { model, type SdkNetwork, startSdkNetwork } from "./sdk/sdk-network.ts";
import { cutAfter, plainText } from "./support/fake-engine/script.ts";
import { startProgram } from "./support/processes.ts";

const folder = join(repository, "examples");
const names = readdirSync(folder).filter((name) => name !== "README.md");
/** In a way that shows that it was streamed or not: curl prints what comes. */
const said: Record<string, RegExp> = {
  "curl.sh": /"content":"Hello"[^]*data: \[DONE\][^]*x-troop-cost: [^]*"content":"Hello world"/,
  "ai-sdk.ts": /^Hello world\n9 tokens\n$/,
  "anthropic.ts": /^Hello world\n2 tokens, end_turn\n$/,
  "langchain.ts": /^Hello world\n$/,
  "ollama.ts": /^Hello world\n2 tokens\n$/,
  "openai-node.ts": /^Hello world\n7 \+ 2 tokens\n$/,
  "websocket.ts": /^Hello world\nHello world\n$/,
};

let sdk: SdkNetwork;
beforeAll(async () => {
  sdk = await startSdkNetwork();
});
afterAll(() => sdk[Symbol.asyncDispose]());

const run = (name: string, { url }: SdkNetwork, environment: NodeJS.ProcessEnv = {}) =>
  startProgram(name.endsWith(".sh") ? "sh" : process.execPath, [join(folder, name)], {
    environment: { TROOP_URL: url, TROOP_MODEL: model, ...environment },
  }).ended;

test("each example is run here", () => {
  expect(names.toSorted()).toEqual(Object.keys(said).toSorted());
});

test.each(Object.keys(said))("%s prints the answer", async (name) => {
  sdk.play(plainText("Hello", " world"));
  const { code, stdout, stderr } = await run(name, sdk);
  expect({ code, stderr, stdout }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(said[name]!);
});

test.each(Object.keys(said))("%s fails where the answer breaks off", async (name) => {
  // One of its own: an engine that fails each time is not asked for a while.
  await using failing = await startSdkNetwork(cutAfter("Hel"));
  const { code, stdout } = await run(name, failing);
  expect([code === 0, stdout.includes("world")]).toEqual([false, false]);
});

test.each(["curl.sh", "openai-node.ts", "ollama.ts"])(
  "%s finds a model by itself",
  async (name) => {
    sdk.play(plainText("Hello", " world"));
    const { stdout } = await run(name, sdk, { TROOP_MODEL: undefined });
    expect(stdout).toMatch(said[name]!);
  },
);
