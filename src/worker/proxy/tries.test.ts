/** What a request that is stopped before it is tried leaves behind: nothing. */
import { Agent } from "undici";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startFakeEngine, testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import type { Offer } from "../catalogue-offers.ts";
import { createSlots } from "../slots.ts";
import { createTries } from "./tries.ts";

test("what is stopped before it is tried asks no engine, and no model counts as loaded through us", async () => {
  await using fake = await startFakeEngine();
  const { engine } = fake;
  const offer: Offer = { engine, model: testModel("test-model"), ownName: "test-model" };
  const slots = createSlots({
    ...{ engines: () => [engine], configured: 1, onChange: () => undefined },
  });
  const dispatcher = new Agent();
  const noted: Offer[] = [];
  const tries = createTries({
    ...{ clock: createFakeClock(), slots, path: "/v1/chat/completions" },
    dispatcher,
    catalogue: { doubt: () => undefined, trust: () => undefined },
    room: { note: (each) => void noted.push(each) },
    received: {
      ...{ offers: [offer], slot: slots.take(engine)! },
      request: { model: "test-model" } as never,
    },
    ...{ passOn: () => undefined, onProgress: () => undefined },
  });
  tries.stop("yielded");
  const { ending, meter } = await tries.run({ body: () => "{}", promptBytes: 0 });
  expect(ending).toEqual({ type: "stopped", reason: "yielded" });
  expect(meter.result()).toMatchObject({ billedMs: 0, completionTokens: 0 });
  expect([noted, fake.requests.all]).toEqual([[], []]);
  await dispatcher.destroy();
});
