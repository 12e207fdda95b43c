/** Lists of models are up to 15 s old; that there is nothing at all is believed for 5 s. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startTestNetwork } from "./fixtures/sidecar.fixture.ts";

test("who has just begun to lend is seen soon by a client that knew of nobody", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const { coordinator, openai } = network;
  const { nodes } = coordinator;
  const models = async () => (await openai.models.list()).data.map(({ id }) => id);
  const asked = () => coordinator.calls.filter((call) => call === "GET /peers").length;
  coordinator.nodes = [];
  expect([await models(), await models(), asked()]).toEqual([[], [], 1]);
  coordinator.nodes = nodes;
  await clock.advance(5_001);
  expect(await models()).toContain("toy:1b");
  coordinator.nodes = [];
  await clock.advance(5_001);
  expect(await models()).toContain("toy:1b");
  expect(asked()).toBe(2);
});
