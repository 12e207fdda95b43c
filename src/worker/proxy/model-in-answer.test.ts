import { expect, test } from "vitest";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import { gatedText, plainText } from "../../../test/support/fake-engine/script.ts";
import { chatBody } from "../../../test/support/fake-engine/infer-client.ts";
import { renamingOf } from "./model-in-answer.ts";

const path = "/home/ann/models/my tiny (1).gguf";
const offered = "my tiny (1).gguf";
const models = [testModel(path)];

test("an answer names the model as it was asked for, not as the engine's disk does", async () => {
  await using network = await startTestWorker({ models, script: plainText("hello", path) });
  const ticket = await network.ticket({ model: offered });
  const { text, line } = await network.ask({ ticket, body: chatBody({ model: offered }) });
  expect(network.engine.requests.all[0]?.body).toMatchObject({ model: path });
  expect(line).toMatchObject({ finish: "stop" });
  expect(text).toContain(`"model":${JSON.stringify(offered)}`);
  expect(text).not.toContain(`"model":${JSON.stringify(path)}`);
  // What the model says is left as it is.
  expect(text).toContain(`"content":${JSON.stringify(path)}`);
});

test("nor does an answer that the budget ends, or a document", async () => {
  const words = Array.from({ length: 9 }, () => "word");
  await using network = await startTestWorker({ models, script: gatedText(...words) });
  const ticket = await network.ticket({ model: offered, budget: "0.003000" });
  const asked = network.ask({ ticket, body: chatBody({ model: offered }) });
  await network.engine.requests.next();
  await network.clock.advance(60_000);
  for (let count = 0; count < 9; count += 1) network.engine.next();
  const { text, line } = await asked;
  expect(line).toMatchObject({ finish: "budget" });
  expect(text).not.toContain("/home/ann");
  const embedding = await network.ask({
    ...{ ticket: await network.ticket({ model: offered }), path: "/v1/embeddings" },
    body: { model: offered, input: "x" },
  });
  expect(JSON.parse(embedding.text)).toMatchObject({ model: offered });
});

test("a key of that name only is looked at, and nothing where the names are the same", () => {
  expect(renamingOf("m", "m")).toBeUndefined();
  const rename = renamingOf("a.b", "$&")!;
  expect(rename('{"model": "a.b","x":"\\"model\\":\\"a.b\\""}')).toBe(
    '{"model": "$&","x":"\\"model\\":\\"a.b\\""}',
  );
  expect(rename('{"model":"axb"}')).toBe('{"model":"axb"}');
});
