/** A ticket says where its node is. A node that has moved is found by a new ticket, and no ticket is bought for nothing. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startTestNetwork, type TestNetwork } from "./fixtures/sidecar.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };
const ask = ({ openai }: TestNetwork) =>
  openai.chat.completions.create(question, { maxRetries: 0 }).then(
    () => "answered",
    (error: { code?: string }) => error.code,
  );

/** Nobody answers there. */
const nowhere = ["127.0.0.1:1"];

test("a ticket whose node nobody reaches is replaced once it is a second old", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const { nodes, authorized } = network.coordinator;
  const present = nodes[0]!;
  nodes[0] = { ...present, addresses: nowhere };
  expect(await ask(network)).toBe("node_unreachable");
  nodes[0] = present;
  // What was said a moment ago need not be asked for again.
  expect(await ask(network)).toBe("node_unreachable");
  expect(authorized).toHaveLength(1);

  await clock.advance(1_000);
  expect(await ask(network)).toBe("node_unreachable");
  expect(await ask(network)).toBe("answered");
  expect(authorized).toHaveLength(2);
});

test("a node that is away for five minutes costs few tickets, each of which holds credits", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const { nodes, authorized } = network.coordinator;
  nodes[0] = { ...nodes[0]!, addresses: nowhere };
  for (let second = 0; second < 240; second += 1) {
    await ask(network);
    await clock.advance(1_000);
  }
  expect(authorized.length).toBeGreaterThan(4);
  expect(authorized.length).toBeLessThan(12);
});
