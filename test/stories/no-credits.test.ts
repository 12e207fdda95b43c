/** The account has no credits: 402, and what to do about it; what one earns or owns goes on. */
import { expect, test } from "vitest";
import { startNetwork } from "../network.ts";
import { ask, failureOf, requestsOf, textOf } from "./story.ts";

const penniless = { coordinator: { STARTER_CREDITS: "0" } };

test("without credits a request is refused before any node is asked, and the answer says what helps", async () => {
  await using network = await startNetwork(penniless);
  for (const more of [{}, { stream: true }]) {
    const refused = await ask(network, more);
    expect(refused.status).toBe(402);
    expect(await failureOf(refused)).toMatchObject({
      code: "insufficient_credits",
      message: expect.stringMatching(/too few credits.*lend a machine/i) as string,
    });
  }
  expect(network.engine.requests.all).toEqual([]);
  expect(await requestsOf(network)).toEqual([]);
});

test("one's own node answers without any", async () => {
  await using network = await startNetwork({ ...penniless, isOwnNode: true });
  expect(await textOf(await ask(network))).toBe("Hello world");
});
