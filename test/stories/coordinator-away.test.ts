/** The coordinator goes away: what was begun goes on while tickets last, then the failure says what is wrong. */
import { expect, test } from "vitest";
import { whileTimePasses } from "../../src/client/fixtures/sidecar.fixture.ts";
import { startNetwork } from "../network.ts";
import { ask, failureOf, textOf } from "./story.ts";

/** A ticket lives five minutes. */
const ticketMs = 300_000;

test("questions are answered for as long as tickets last, and refused plainly after that", async () => {
  await using network = await startNetwork();
  const { sidecar, coordinator, clock } = network;
  expect(await textOf(await ask(network))).toBe("Hello world");
  const { url } = coordinator;
  await coordinator[Symbol.asyncDispose]();

  for (let asked = 0; asked < 3; asked += 1) {
    await clock.advance(60_000);
    expect(await textOf(await ask(network))).toBe("Hello world");
  }
  // What is owed for them is kept for when it is back.
  expect(sidecar.pending()).toBeGreaterThan(0);
  expect(sidecar.status().tickets).toHaveLength(1);

  await clock.advance(ticketMs);
  const refused = await whileTimePasses(clock, ask(network));
  expect(refused.status).toBe(502);
  expect(await failureOf(refused)).toMatchObject({
    code: "coordinator_unreachable",
    message: expect.stringContaining(url) as string,
  });
  expect(network.engine.requests.all).toHaveLength(4);
});
