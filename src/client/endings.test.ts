/** How a request and a sidecar end, when somebody does not behave. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startTestNetwork } from "./fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "./fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };

test("a node that keeps its socket open behind the line has answered all the same", async () => {
  const clock = createFakeClock();
  const lingering: Script = (exchange) => sayHello({ ...exchange, end: () => undefined });
  await using network = await startTestNetwork(clock, [lingering]);
  let isAnswered = false;
  const answer = network.openai.chat.completions
    .create(question)
    .finally(() => (isAnswered = true));
  while (!isAnswered) await clock.advance(100);
  expect((await answer).choices[0]!.message.content).toBe("Hello you");
  const [acknowledged] = await network.settle();
  expect(acknowledged).toMatchObject({ verdict: "ok" });
});

test("a sidecar that is stopped delivers its acknowledgements first", async () => {
  const network = await startTestNetwork(createFakeClock());
  await network.openai.chat.completions.create(question);
  expect(network.sidecar.pending()).toBe(1);
  await network.sidecar[Symbol.asyncDispose]();
  expect(network.coordinator.acknowledged).toHaveLength(1);
  await network[Symbol.asyncDispose]();
});

test("while the coordinator is away an old list does not pass for proof that nobody offers a model", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  await network.openai.chat.completions.create(question);
  await network.coordinator[Symbol.asyncDispose]();
  await clock.advance(10_000);
  const other = network.openai.chat.completions.create({ ...question, model: "another" });
  await expect(other).rejects.toMatchObject({ status: 502, code: "coordinator_unreachable" });
});
