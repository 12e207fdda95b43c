/** What people ask for is learned when somebody looks, once a minute at most, and its failure is nobody's. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { makeSigner } from "../../../test/network.ts";
import { systemRandom } from "../../base/random.ts";
import { createCoordinatorClient } from "../../host/coordinator-client.ts";
import type { HttpTransport } from "../../host/http-transport.ts";
import { askedAgainMs, createAskDemand } from "./demand.ts";

const wanted = { model: "qwen3:8b", requesters: 2, asked_at: 1, nodes: 0 };

async function open(answer: HttpTransport) {
  const clock = createFakeClock();
  const urls: string[] = [];
  const coordinator = createCoordinatorClient({
    ...{ url: "http://127.0.0.1:8000", clock, random: systemRandom },
    transport(call) {
      urls.push(call.url);
      return answer(call);
    },
  });
  return {
    ...{ clock, urls },
    ask: createAskDemand({ coordinator, owner: await makeSigner(), clock }),
  };
}

const says: HttpTransport = async () => ({
  ...{ status: 200, headers: {} },
  text: async () => JSON.stringify({ models: [wanted] }),
});

test("who looks again within a minute sees the same, without another call", async () => {
  const { ask, clock, urls } = await open(says);
  expect(urls).toEqual([]);
  expect(await ask()).toEqual([wanted]);
  await clock.advance(askedAgainMs - 1);
  expect(await ask()).toEqual([wanted]);
  expect(urls).toEqual(["http://127.0.0.1:8000/demand"]);
  await clock.advance(1);
  await ask();
  expect(urls).toHaveLength(2);
});

test("a coordinator that cannot be asked is not asked again within the minute either", async () => {
  const { ask, urls } = await open(() => Promise.reject(new Error("nobody there")));
  expect(await ask()).toBeUndefined();
  expect(await ask()).toBeUndefined();
  expect(urls).toHaveLength(1);
});

test("a coordinator that never answers is waited for two seconds", async () => {
  const { ask, clock, urls } = await open(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const asked = ask();
  await expect.poll(() => urls.length).toBe(1);
  await clock.advance(2_000);
  expect(await asked).toBeUndefined();
});
