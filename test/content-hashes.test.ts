/** Both sides count the same bytes, through the running network: otherwise an honest line would be refused. */
import OpenAI from "openai";
import { expect, test } from "vitest";
import { type Network, startNetwork } from "./network.ts";
import { cutAfter, plainText, toolCall } from "./support/fake-engine/script.ts";

const model = "test-model";
const ask = (content: string) => ({ model, messages: [{ role: "user" as const, content }] });

type Asking = (openai: OpenAI) => Promise<unknown>;

async function drain(openai: OpenAI, content: string): Promise<void> {
  for await (const chunk of await openai.chat.completions.create({ ...ask(content), stream: true }))
    expect(chunk).toBeDefined();
}

/** What was said of the requests in the requester's history. */
async function verdictsOf(network: Network, askings: readonly Asking[]) {
  const baseURL = `${network.sidecar.url}/v1`;
  const openai = new OpenAI({ baseURL, apiKey: "any", maxRetries: 0 });
  for (const asking of askings) await asking(openai);
  await network.settle();
  const entries = await network.history(network.requester);
  return entries
    .filter(({ kind }) => kind === "request")
    .map(({ metadata }) => [metadata.state, metadata.verdict]);
}

const long = "A long question. ".repeat(20_000);
const agreed = ["settled", "ok"];

test("whatever is asked, in one frame or in many, the line is of what was sent and received", async () => {
  await using network = await startNetwork({ script: plainText("one", "two", "three") });
  const askings: Asking[] = [
    (openai) => drain(openai, "Say hello."),
    (openai) => openai.chat.completions.create(ask("Say hello.")),
    (openai) => drain(openai, long),
    (openai) => openai.embeddings.create({ model, input: ["a", "b"] }),
  ];
  expect(await verdictsOf(network, askings)).toEqual(askings.map(() => agreed));
});

test("so is that of a tool call", async () => {
  await using network = await startNetwork({ script: toolCall("f", `{"a":1}`) });
  expect(await verdictsOf(network, [(openai) => drain(openai, "Call it.")])).toEqual([agreed]);
});

test("so is that of an answer that its engine broke off", async () => {
  await using network = await startNetwork({ script: cutAfter("half") });
  const fails: Asking = (openai) => expect(drain(openai, "Say hello.")).rejects.toThrow();
  expect(await verdictsOf(network, [fails])).toEqual([agreed]);
});
