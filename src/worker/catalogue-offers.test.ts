import { expect, test } from "vitest";
import { testModel } from "../../test/support/fake-engine/fake-engine.ts";
import type { Model } from "../protocol/node.ts";
import {
  type CataloguePolicy,
  describedModels,
  fitsDigest,
  mergeOffers,
  offersUnder,
  usualPolicy,
} from "./catalogue-offers.ts";
import type { Engine } from "./engines/engine.ts";

const engine = (type: string): Engine => ({
  ...{ type, origin: "http://127.0.0.1:1", headers: {}, slots: 1 },
  path: () => "/",
  inspect: () => Promise.reject(new Error("not asked")),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});
const inspected = (type: string, ...models: (string | Model)[]) => ({
  ...{ engine: engine(type), version: "1" },
  models: models.map((model) => (typeof model === "string" ? testModel(model) : model)),
});
const policy = (changes: Partial<CataloguePolicy>): CataloguePolicy => ({
  ...usualPolicy,
  ...changes,
});
const typesFor = (offers: ReturnType<typeof mergeOffers>, name: string) =>
  offersUnder(offers, name).map((offer) => offer.engine.type);
const namesOf = (offers: ReturnType<typeof mergeOffers>) =>
  describedModels(offers).map(({ name }) => name);

const all = ["llama-cpp", "lm-studio", "openai", "sglang", "ollama", "vllm"];

test("of several engines with one model, vLLM goes before Ollama before LM Studio before others", () => {
  const offers = mergeOffers(all.map((type) => inspected(type, "m")));
  expect(typesFor(offers, "m")).toEqual([
    ...["vllm", "ollama", "lm-studio", "llama-cpp", "openai", "sglang"],
  ]);
});

test("the owner's order replaces the usual one", () => {
  const order = ["sglang", "llama-cpp"];
  const offers = mergeOffers(
    all.map((type) => inspected(type, "m")),
    policy({ order }),
  );
  expect(typesFor(offers, "m").slice(0, 3)).toEqual(["sglang", "llama-cpp", "lm-studio"]);
});

test("a model is described as its preferred engine describes it", () => {
  const offers = mergeOffers([
    inspected("openai", { ...testModel("m"), context_length: 1 }),
    inspected("vllm", { ...testModel("m"), context_length: 2 }, "n"),
  ]);
  expect(describedModels(offers)).toEqual([
    { ...testModel("m"), context_length: 2 },
    testModel("n"),
  ]);
});

test("one model under several engines' names is offered under each, by all, each asked in its own words", () => {
  const offers = mergeOffers([
    inspected("ollama", { ...testModel("qwen3:8b"), context_length: 4_096 }, "qwen3:14b"),
    inspected("vllm", { ...testModel("Qwen/Qwen3-8B"), context_length: 32_768 }),
  ]);
  expect(namesOf(offers)).toEqual(["Qwen/Qwen3-8B", "qwen3:8b", "qwen3:14b"]);
  for (const name of ["Qwen/Qwen3-8B", "qwen3:8b", "qwen3:8b-q8_0"]) {
    expect(offersUnder(offers, name).map(({ ownName }) => ownName)).toEqual([
      ...["Qwen/Qwen3-8B", "qwen3:8b"],
    ]);
  }
  expect(describedModels(offers)[1]).toMatchObject({ name: "qwen3:8b", context_length: 32_768 });
  expect(typesFor(offers, "Qwen/Qwen3-14B")).toEqual(["ollama"]);
});

test("names that might be the same are not", () => {
  const offers = mergeOffers([inspected("ollama", "qwen3:4b"), inspected("vllm", "Qwen/Qwen3-4B")]);
  expect(typesFor(offers, "qwen3:4b")).toEqual(["ollama"]);
  expect(typesFor(offers, "Qwen/Qwen3-4B")).toEqual(["vllm"]);
});

test.each([
  ["/home/ann/models/Qwen3-8B-Q4_K_M.gguf", "Qwen3-8B-Q4_K_M.gguf"],
  ["../models/tiny.gguf", "tiny.gguf"],
  ["C:\\Users\\Ann\\tiny.gguf", "tiny.gguf"],
  ["models/tiny.gguf", "tiny.gguf"],
  ["/data/Qwen3-8B", "Qwen3-8B"],
  ["Qwen/Qwen3-8B", "Qwen/Qwen3-8B"],
  ["unsloth/Qwen3-8B-GGUF:Q4_K_M", "unsloth/Qwen3-8B-GGUF:Q4_K_M"],
])("strangers see no folders of the owner: %s is offered as %s", (ownName, name) => {
  const offers = mergeOffers([inspected("llama-server", ownName)]);
  expect(namesOf(offers)).toEqual([name]);
  expect(offersUnder(offers, name)[0]?.ownName).toBe(ownName);
});

test("an alias stands in the place of the engine's name", () => {
  const aliases = new Map([["tiny.gguf", "gemma3:4b"]]);
  const offers = mergeOffers([inspected("llama-server", "/m/tiny.gguf")], policy({ aliases }));
  expect(namesOf(offers)).toEqual(["gemma3:4b"]);
  expect(offersUnder(offers, "google/gemma-3-4b-it")[0]?.ownName).toBe("/m/tiny.gguf");
  expect(offersUnder(offers, "tiny.gguf")).toEqual([]);
});

const own = ["qwen3:8b", "Qwen/Qwen3-14B", "llama3.1:8b", "my.model"];
test.each<[string, Partial<CataloguePolicy>, string[]]>([
  ["all without patterns", {}, own],
  ["what the owner allows", { allow: ["qwen*", "llama3.?:8b"] }, own.slice(0, 3)],
  ["not what the owner denies", { deny: ["*qwen3*"] }, ["llama3.1:8b", "my.model"]],
  ["what is allowed and not denied", { allow: ["*8b"], deny: ["llama*"] }, ["qwen3:8b"]],
  ["by name, whatever the engine calls it", { allow: ["Qwen/Qwen3-8B"] }, ["qwen3:8b"]],
  ["not by name, whatever the engine calls it", { deny: ["qwen3:14b"] }, own.toSpliced(1, 1)],
  ["a dot for a dot only", { deny: ["my?model", "llama3x1:8b"] }, own.slice(0, 3)],
  ["nothing where nothing fits", { allow: ["phi*"] }, []],
])("offered is %s", (_, changes, names) => {
  expect(namesOf(mergeOffers([inspected("ollama", ...own)], policy(changes)))).toEqual(names);
});

test("an alias does not get a denied model through", () => {
  const aliases = new Map([["llama3.1:8b", "harmless"]]);
  const offers = mergeOffers([inspected("ollama", ...own)], policy({ aliases, deny: ["llama*"] }));
  expect(namesOf(offers)).not.toContain("harmless");
});

test.each([
  ["sha256:a", "sha256:a", true],
  ["sha256:a", "sha256:b", false],
  [undefined, "sha256:b", true],
  ["sha256:a", undefined, true],
])("an offer of digest %s against a ticket of %s: %s", (offered, asked, fits) => {
  const model = { ...testModel("m"), ...(offered ? { digest: offered } : {}) };
  expect(fitsDigest({ engine: engine("openai"), model, ownName: "m" }, asked)).toBe(fits);
});
