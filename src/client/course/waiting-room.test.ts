/** While every node is busy a request waits, but not for ever and not longer than it must. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork, whileTimePasses } from "../fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "../fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };

test("while all are busy a request waits, and is told when to come back", async () => {
  const clock = createFakeClock();
  const busy: Script = ({ refuse }) => refuse(503, "busy");
  await using network = await startTestNetwork(clock, [busy], { queueWaitMs: 60_000 });
  const pending = post(network, "/v1/chat/completions", question);
  const response = await whileTimePasses(clock, pending);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  expect(await response.json()).toMatchObject({ error: { code: "busy" } });
  expect(network.worker.requests.length).toBeGreaterThan(5);
  expect(network.coordinator.authorized).toHaveLength(1);
});

test("a slot that becomes free in time serves the request that waited", async () => {
  const clock = createFakeClock();
  let refusals = 0;
  await using network = await startTestNetwork(clock, [
    (exchange) => ((refusals += 1) < 4 ? exchange.refuse(503, "busy") : sayHello(exchange)),
  ]);
  const pending = network.openai.chat.completions.create(question);
  const { choices } = await whileTimePasses(clock, pending);
  expect(choices[0]!.message.content).toBe("Hello you");
});

test("a request that waits goes when one of our own ends, without a moment passing", async () => {
  const leave = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const turnedAway = Promise.withResolvers<void>();
  let isFull = false;
  await using network = await startTestNetwork(createFakeClock(), [
    async (exchange) => {
      if (isFull) {
        exchange.refuse(503, "busy");
        return turnedAway.resolve();
      }
      isFull = true;
      begun.resolve();
      await leave.promise;
      isFull = false;
      return sayHello(exchange);
    },
  ]);
  const first = network.openai.chat.completions.create(question);
  await begun.promise;
  const second = network.openai.chat.completions.create(question);
  await turnedAway.promise;
  // Its number is given back once the refusal has arrived; then it waits.
  while (network.sidecar.status().tickets[0]!.running > 1)
    await new Promise((resolve) => setImmediate(resolve));
  leave.resolve();
  await first;
  expect((await second).choices[0]!.message.content).toBe("Hello you");
});
