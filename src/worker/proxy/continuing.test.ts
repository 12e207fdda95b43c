/** A request to go on with a message: in the engine's own words where it can, refused where it cannot. */
import { expect, test } from "vitest";
import { answerShortly, startBareEngine } from "../../../test/support/fake-engine/bare-engine.ts";
import { chatBody } from "../../../test/support/fake-engine/infer-client.ts";
import { type FakeEngine, testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import type { Capability } from "../../protocol/node.ts";

const begun = { role: "assistant", content: "Hel" };
const body = chatBody({
  messages: [{ role: "user", content: "Say hello." }, begun],
  continue_final_message: true,
});

async function startEngines(...capabilities: Capability[]) {
  const bare = await startBareEngine(answerShortly);
  const prefillFields = { continue_final_message: true, add_generation_prompt: false };
  const model = { ...testModel("test-model"), capabilities };
  const network = await startTestWorker({
    models: [model],
    drive: (fake: FakeEngine) => ({ ...bare.drive(fake), prefillFields }),
  });
  const ask = async (asked: object) => network.ask({ ticket: await network.ticket(), body: asked });
  const last = () => JSON.parse(bare.requests.at(-1)!.body) as Record<string, unknown>;
  return { bare, network, ask, last };
}

test("an engine that can is told so in its own words, and only then", async () => {
  const { bare, network, ask, last } = await startEngines("chat", "prefill");
  await using _bare = bare;
  await using _network = network;
  expect((await ask(body)).status).toBe(200);
  expect(last()).toMatchObject({
    ...{ continue_final_message: true, add_generation_prompt: false },
    messages: [{ role: "user", content: "Say hello." }, begun],
  });
  expect((await ask({ ...body, continue_final_message: false })).status).toBe(200);
  expect(last()).not.toHaveProperty("continue_final_message");
  expect(last()).not.toHaveProperty("add_generation_prompt");
});

test("one that cannot is not asked: the request is refused, and says why", async () => {
  const { bare, network, ask } = await startEngines("chat");
  await using _bare = bare;
  await using _network = network;
  expect(await ask(body)).toMatchObject({ code: "unsupported_parameter", status: 400 });
  expect(bare.requests).toHaveLength(0);
});

test.each([
  ["a question", { role: "user", content: "Say hello." }],
  ["no text", { role: "assistant", content: "" }],
  ["parts", { role: "assistant", content: [{ type: "text", text: "Hel" }] }],
  [
    "a tool call",
    {
      ...begun,
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "" } }],
    },
  ],
])("%s at the end cannot be gone on with", async (_what, last) => {
  const { bare, network, ask } = await startEngines("chat", "prefill");
  await using _bare = bare;
  await using _network = network;
  const messages = [{ role: "user", content: "Say hello." }, last];
  const reply = await ask({ ...body, messages });
  expect(reply).toMatchObject({ code: "invalid_value", status: 400 });
  expect(bare.requests).toHaveLength(0);
});
