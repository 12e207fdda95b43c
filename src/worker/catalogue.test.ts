import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startFakeEngine, testModel } from "../../test/support/fake-engine/fake-engine.ts";
import { createLog } from "../host/log.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { type CatalogueParts, createCatalogue } from "./catalogue.ts";
import type { Engine } from "./engines/engine.ts";

const engine = (type: string): Engine => ({
  ...{ type, origin: "http://127.0.0.1:1", headers: {}, slots: 1 },
  path: () => "/",
  inspect: () => Promise.reject(new Error("not asked")),
  [Symbol.asyncDispose]: () => Promise.resolve(),
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
  catalogue.doubt(fake.engine);
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
    catalogue.doubt(counted);
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

/** A catalogue of engines that can be taken away, run until it is disposed. */
async function startCatalogue(engines: Engine[], more: Partial<CatalogueParts> = {}) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const changes = { count: 0 };
  const catalogue = createCatalogue({
    ...{ engines, clock, random: systemRandom, log: createLog("silent"), refreshMs: 180_000 },
    onChange: () => (changes.count += 1),
    ...more,
  });
  await catalogue.refresh(stop.signal);
  const ended = catalogue.run(stop.signal);
  const typesFor = (model: string) => catalogue.offersOf(model).map((offer) => offer.engine.type);
  return {
    ...{ catalogue, clock, changes, typesFor },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Offers "m" while it is present. */
function fleeting(type: string) {
  const state = { isPresent: true, asked: 0 };
  const inspect = async () => {
    state.asked += 1;
    if (!state.isPresent) throw new TroopError("engine_error");
    return { version: "1", models: [testModel("m")] };
  };
  return { state, engine: { ...engine(type), inspect } };
}

test("an engine that keeps failing though it says that it is well is left alone, then tried again", async () => {
  const [best, second] = [fleeting("vllm"), fleeting("ollama")];
  await using running = await startCatalogue([second.engine, best.engine]);
  const { catalogue, clock, typesFor } = running;
  for (let failure = 0; failure < 2; failure += 1) catalogue.doubt(best.engine);
  expect(typesFor("m")).toEqual(["vllm", "ollama"]);
  catalogue.doubt(best.engine);
  expect(typesFor("m")).toEqual(["ollama"]);
  expect(catalogue.engines()).toEqual([second.engine]);
  await clock.advance(14_999);
  expect(typesFor("m")).toEqual(["ollama"]);
  await clock.advance(1);
  expect(typesFor("m")).toEqual(["vllm", "ollama"]);
  catalogue.doubt(best.engine);
  await clock.advance(29_999);
  expect(typesFor("m")).toEqual(["ollama"]);
  await clock.advance(1);
  catalogue.trust(best.engine);
  for (let failure = 0; failure < 2; failure += 1) catalogue.doubt(best.engine);
  expect(typesFor("m")).toEqual(["vllm", "ollama"]);
});

test("a model that only a failing engine has is not offered meanwhile, and the coordinator hears of it", async () => {
  const { engine: only } = fleeting("ollama");
  await using running = await startCatalogue([only]);
  const { catalogue, clock, changes } = running;
  for (let failure = 0; failure < 3; failure += 1) catalogue.doubt(only);
  expect([catalogue.models(), catalogue.engines(), changes.count]).toEqual([[], [], 2]);
  expect(catalogue.described()).toHaveLength(1);
  await clock.advance(15_000);
  expect([catalogue.models().length, changes.count]).toEqual([1, 3]);
});

test("an engine that was started anew is not blamed for what its predecessor did", async () => {
  const { engine: only, state } = fleeting("ollama");
  await using running = await startCatalogue([only]);
  const { catalogue, clock, typesFor } = running;
  state.isPresent = false;
  for (let failure = 0; failure < 3; failure += 1) catalogue.doubt(only);
  await clock.advance(0);
  state.isPresent = true;
  await clock.advance(5_000);
  expect(typesFor("m")).toEqual(["ollama"]);
});

test("an engine that has gone is asked again soon, then ever less often, up to the interval", async () => {
  const { engine: only, state } = fleeting("ollama");
  await using running = await startCatalogue([only]);
  const { catalogue, clock } = running;
  state.isPresent = false;
  catalogue.doubt(only);
  await clock.advance(0);
  const askedAt: number[] = [];
  for (let second = 1; second <= 700; second += 1) {
    const before = state.asked;
    await clock.advance(1_000);
    if (state.asked > before) askedAt.push(second);
  }
  expect(askedAt).toEqual([5, 10, 20, 40, 80, 160, 320, 500, 680]);
});

test("one that has just gone is asked again soon, however long another has been away", async () => {
  const [long, short] = [fleeting("vllm"), fleeting("ollama")];
  await using running = await startCatalogue([long.engine, short.engine]);
  const { catalogue, clock, typesFor } = running;
  long.state.isPresent = false;
  catalogue.doubt(long.engine);
  await clock.advance(0);
  for (let second = 0; second < 400; second += 1) await clock.advance(1_000);
  short.state.isPresent = false;
  catalogue.doubt(short.engine);
  await clock.advance(0);
  expect(typesFor("m")).toEqual([]);
  short.state.isPresent = true;
  await clock.advance(5_000);
  expect(typesFor("m")).toEqual(["ollama"]);
});

test("an engine that is started after the worker is found at the next refresh", async () => {
  const { engine: late } = fleeting("ollama");
  const discover = (known: readonly Engine[]) =>
    Promise.resolve(known.includes(late) ? [] : [late]);
  await using running = await startCatalogue([], { discover });
  const { catalogue, clock, typesFor } = running;
  expect(typesFor("m")).toEqual([]);
  await clock.advance(180_000);
  await clock.advance(180_000);
  expect(typesFor("m")).toEqual(["ollama"]);
  expect(catalogue.inventory()).toEqual([
    {
      ...{ type: "ollama", version: "1", origin: "http://127.0.0.1:1", slots: 1 },
      models: [testModel("m")],
    },
  ]);
});
