import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startFakeEngine, testModel } from "../../test/support/fake-engine/fake-engine.ts";
import { createLog } from "../host/log.ts";
import type { Model } from "../protocol/node.ts";
import { createCatalogue, fitsDigest, mergeOffers } from "./catalogue.ts";
import type { Engine } from "./engines/engine.ts";

const engine = (type: string): Engine => ({
  ...{ type, origin: "http://127.0.0.1:1", headers: {}, slots: 1 },
  path: () => "/",
  inspect: () => Promise.reject(new Error("not asked")),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});
const inspected = (type: string, models: Model[]) => ({
  ...{ engine: engine(type), version: "1", models },
});

test("of several engines with one model, vLLM goes before Ollama before LM Studio before others", () => {
  const types = ["llama-cpp", "lm-studio", "openai", "ollama", "vllm"];
  const offers = mergeOffers(types.map((type) => inspected(type, [testModel("m")])));
  expect(offers.get("m")?.map((offer) => offer.engine.type)).toEqual([
    ...["vllm", "ollama", "lm-studio", "llama-cpp", "openai"],
  ]);
});

test("a model is described as its preferred engine describes it", () => {
  const offers = mergeOffers([
    inspected("openai", [{ ...testModel("m"), context_length: 1 }]),
    inspected("vllm", [{ ...testModel("m"), context_length: 2 }, testModel("n")]),
  ]);
  expect(offers.get("m")?.[0]?.model.context_length).toBe(2);
  expect([...offers.keys()]).toEqual(["m", "n"]);
});

test.each([
  ["sha256:a", "sha256:a", true],
  ["sha256:a", "sha256:b", false],
  [undefined, "sha256:b", true],
  ["sha256:a", undefined, true],
])("an offer of digest %s against a ticket of %s: %s", (offered, asked, fits) => {
  const model = { ...testModel("m"), ...(offered ? { digest: offered } : {}) };
  expect(fitsDigest({ engine: engine("openai"), model }, asked)).toBe(fits);
});

test("engines are asked at the interval and when one is doubted; one that is away offers nothing", async () => {
  await using fake = await startFakeEngine({ models: ["m"] });
  const clock = createFakeClock();
  let changes = 0;
  const catalogue = createCatalogue({
    ...{ engines: [fake.engine], clock, random: systemRandom, log: createLog("silent") },
    ...{ refreshMs: 180_000, onChange: () => (changes += 1) },
  });
  const stop = new AbortController();
  await catalogue.refresh(stop.signal);
  const ended = catalogue.run(stop.signal);
  expect(catalogue.offersOf("m")).toHaveLength(1);
  expect(changes).toBe(1);

  fake.offer(undefined);
  await clock.advance(179_999);
  expect(catalogue.models()).toHaveLength(1);
  await clock.advance(1);
  expect([catalogue.models(), catalogue.engines(), catalogue.described()]).toEqual([[], [], []]);
  expect(changes).toBe(2);

  fake.offer([testModel("m")]);
  catalogue.doubt();
  await clock.advance(0);
  expect(catalogue.offersOf("m")).toHaveLength(1);
  expect(catalogue.offersOf("other")).toEqual([]);
  await clock.advance(180_000);
  expect(changes).toBe(3);
  stop.abort();
  await ended;
});

test("however often engines are doubted, they are asked once a second, and once more for the last doubt", async () => {
  const clock = createFakeClock();
  let asked = 0;
  const counted: Engine = {
    ...engine("openai"),
    inspect: () => Promise.resolve({ version: String((asked += 1)), models: [] }),
  };
  const catalogue = createCatalogue({
    ...{ engines: [counted], clock, random: systemRandom, log: createLog("silent") },
    ...{ refreshMs: 180_000, onChange: () => undefined },
  });
  const stop = new AbortController();
  const ended = catalogue.run(stop.signal);
  for (let index = 0; index < 20; index += 1) {
    catalogue.doubt();
    await clock.advance(0);
  }
  expect(asked).toBe(1);
  await clock.advance(999);
  expect(asked).toBe(1);
  await clock.advance(1);
  expect(asked).toBe(2);
  await clock.advance(10_000);
  expect(asked).toBe(2);
  stop.abort();
  await ended;
});
