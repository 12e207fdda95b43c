import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { all, startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import type { Script } from "../fixtures/stub-worker.fixture.ts";

const complete: Script = ({ open, event, line, end }) => {
  open();
  event({ choices: [{ text: "once" }] });
  event({ choices: [{ text: " upon", finish_reason: "length" }] });
  line();
  end();
};

test("a plain completion is answered whole", async () => {
  await using network = await startTestNetwork(createFakeClock(), [complete]);
  const answer = await network.openai.completions.create({ model: "toy:1b", prompt: "Tell" });
  expect(answer).toMatchObject({
    object: "text_completion",
    choices: [{ text: "once upon", finish_reason: "length" }],
    usage: { total_tokens: 7 },
  });
  expect(network.worker.requests[0]!.head.path).toBe("/v1/completions");
});

test("a plain completion is streamed", async () => {
  await using network = await startTestNetwork(createFakeClock(), [complete]);
  const stream = await network.openai.completions.create({
    model: "toy:1b",
    prompt: "Tell",
    stream: true,
  });
  const chunks = await all(stream);
  expect(chunks.map(({ choices }) => choices[0]!.text)).toEqual(["once", " upon", ""]);
  expect(chunks.map(({ choices }) => choices[0]!.finish_reason)).toEqual([null, null, "length"]);
});
