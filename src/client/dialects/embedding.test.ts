import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import type { Script } from "../fixtures/stub-worker.fixture.ts";
import { shapeEmbeddings } from "./embedding.ts";

const floats = [0.5, -1, 2];
const base64 = "AAAAPwAAgL8AAABA";

test.each([
  ["float", floats, floats],
  ["float", base64, floats],
  ["base64", floats, base64],
  ["base64", base64, base64],
] as const)("asked for %s, an engine's %j leaves as %j", (form, given, expected) => {
  const answer = { data: [{ embedding: given }], usage: { prompt_tokens: 3 } };
  expect(shapeEmbeddings(answer, "m", form, { prompt_tokens: 9 })).toEqual({
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: expected }],
    model: "m",
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
});

test.each([{}, { data: [{}] }, { data: "no" }, { data: [{ embedding: "AAA=" }] }])(
  "%j is a failure of the engine",
  (answer) => {
    expect(() => shapeEmbeddings(answer, "m", "float", { prompt_tokens: 9 })).toThrow(
      expect.objectContaining({ code: "engine_error" }) as Error,
    );
  },
);

const embed: Script = ({ open, frame, line, end }) => {
  open();
  const text = JSON.stringify({ data: [{ embedding: floats }], usage: { prompt_tokens: 5 } });
  frame("body", text.slice(0, 20));
  frame("body", text.slice(20));
  line({ completion_tokens: 0, cost: "0.010000" });
  end();
};

test("the SDK, which asks for base64, gets its numbers", async () => {
  await using network = await startTestNetwork(createFakeClock(), [embed]);
  const { data, usage } = await network.openai.embeddings.create({ model: "toy:1b", input: "Hi" });
  expect(data[0]!.embedding).toEqual(floats);
  expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
  expect(network.worker.requests[0]!.head.path).toBe("/v1/embeddings");
  expect(await network.settle()).toMatchObject([{ verdict: "ok" }]);
});

test("who asks for nothing gets floats and the cost in a header", async () => {
  await using network = await startTestNetwork(createFakeClock(), [embed]);
  const response = await post(network, "/v1/embeddings", { model: "toy:1b", input: "Hi" });
  expect(response.headers.get("x-troop-cost")).toBe("0.010000");
  expect(await response.json()).toMatchObject({ data: [{ embedding: floats }] });
});
