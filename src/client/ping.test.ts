/** A node that broke off is asked for nothing before a request is sent there again: it costs nothing, and ends with the ticket. */
import { expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../test/support/fake-clock.ts";
import { pingPath } from "../protocol/chat.ts";
import { startTestNetwork, type TestNetwork } from "./fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "./fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };
const ask = ({ openai }: TestNetwork) =>
  openai.chat.completions.create(question).then(
    ({ choices }) => choices[0]!.message.content,
    (error: { code?: string }) => error.code,
  );

/** In steps, so that sockets take their turns between. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) await clock.advance(100);
}

const breakOff: Script = ({ open, die }) => {
  open();
  die();
};

const pings = ({ worker }: TestNetwork) =>
  worker.requests.filter(({ head }) => head.path === pingPath).length;

test("half a minute after it broke off a node is asked once whether it is there, for nothing", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock, [breakOff]);
  expect(await ask(network)).toBe("stream_truncated");
  const [before] = network.sidecar.status().tickets;
  network.worker.script = sayHello;
  await pass(clock, 29_900);
  expect(pings(network)).toBe(0);
  await pass(clock, 4_000);
  expect(pings(network)).toBe(1);
  // The number that it took is free again, and nobody else was asked.
  expect(network.sidecar.status().tickets).toEqual([before]);
  expect(network.coordinator.authorized).toHaveLength(1);
  expect(await ask(network)).toBe("Hello you");
  await pass(clock, 120_000);
  expect(pings(network)).toBe(1);
});

test("one that stays away is asked ever more seldom, and no more once its ticket has ended: none is bought for that", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock, [breakOff]);
  await ask(network);
  const asked: number[] = [];
  for (let minute = 0; minute < 10; minute += 1) {
    await pass(clock, 60_000);
    asked.push(pings(network));
  }
  // After 30, then 60, then 120 s; the next would be at 450 s, and the ticket lives 300.
  expect(asked).toEqual([1, 2, 2, 3, 3, 3, 3, 3, 3, 3]);
  expect(network.coordinator.authorized).toHaveLength(1);
  expect(network.sidecar.status().tickets).toEqual([]);
});
