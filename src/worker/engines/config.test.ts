import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namedAddress, readEngineSettings } from "./config.ts";

const invalid = (param: string) =>
  expect.objectContaining({ code: "configuration_invalid", param }) as Error;
const local = (port: number) => `http://127.0.0.1:${port}`;
/** The only addresses that these settings change. */
const changed = (environment: Record<string, string>) => {
  const usual = new Set(readEngineSettings({}).addresses.map((each) => JSON.stringify(each)));
  const { addresses } = readEngineSettings(environment);
  return addresses.filter((each) => !usual.has(JSON.stringify(each)));
};

test("engines are looked for at their usual ports on this machine, and all models may be offered", () => {
  const { addresses, policy } = readEngineSettings({});
  expect(addresses.map(({ origin }) => origin)).toEqual(
    [8_000, 11_434, 1_234, 8_080, 9_931, 30_000].map(local),
  );
  expect(policy).toEqual({
    order: ["vllm", "ollama", "lm-studio"],
    ...{ allow: [], deny: [], aliases: new Map() },
  });
});

test.each([
  ["192.168.1.5", "http://192.168.1.5:11434"],
  ["localhost:1", "http://localhost:1"],
  ["0.0.0.0:11435", "http://127.0.0.1:11435"],
  ["http://ollama.lan", "http://ollama.lan"],
  ["https://ollama.lan:444/", "https://ollama.lan:444"],
])("OLLAMA_HOST=%s means %s", (text, origin) => {
  expect(changed({ OLLAMA_HOST: text })).toEqual([{ origin }]);
});

test.each([
  ["VLLM_API_KEY", [8_000]],
  ["SGLANG_API_KEY", [30_000]],
  ["LM_STUDIO_API_KEY", [1_234]],
  ["LLAMA_SERVER_API_KEY", [8_080, 9_931]],
])("%s, or a file that holds it, goes to its own engine and nowhere else", (name, ports) => {
  const folder = mkdtempSync(join(tmpdir(), "troop-keys-"));
  const file = join(folder, "key");
  writeFileSync(file, "from a file\n");
  const keyed = (apiKey: string) =>
    ports.map((port) => ({ origin: local(port), keyVariable: name, apiKey }));
  expect(changed({ [name]: "told" })).toEqual(keyed("told"));
  expect(changed({ [`${name}_FILE`]: file })).toEqual(keyed("from a file"));
  rmSync(folder, { recursive: true });
});

test("the key of Ollama's cloud is shown to nobody", () => {
  expect(changed({ OLLAMA_API_KEY: "secret" })).toEqual([]);
});

test("further servers are named by their URLs, with or without /v1, each place at an origin apart", () => {
  const common = { isNamed: true, keyVariable: "ENGINE_API_KEY" };
  const urls = "http://10.0.0.2:5000/v1, https://gpu.example/a/v1/, https://gpu.example/b";
  expect(changed({ ENGINE_URL: urls })).toEqual([
    { ...common, origin: "http://10.0.0.2:5000" },
    { ...common, origin: "https://gpu.example", basePath: "/a" },
    { ...common, origin: "https://gpu.example", basePath: "/b" },
  ]);
});

test("their key is for one of them: no server is shown another's", () => {
  const key = { ENGINE_API_KEY: "k" };
  const two = { ...key, ENGINE_URL: "http://10.0.0.2:5000, https://gpu.example" };
  expect(() => readEngineSettings(two)).toThrow(invalid("ENGINE_API_KEY"));
  const one = { ...key, ENGINE_URL: "https://gpu.example/a, https://gpu.example/b/v1" };
  expect(changed(one)).toMatchObject([{ apiKey: "k" }, { apiKey: "k" }]);
});

test("a usual address that is named without a key keeps the key that is usual there", () => {
  const named = { ENGINE_URL: `${local(8_000)}/v1`, VLLM_API_KEY: "v" };
  expect(changed(named)).toEqual([
    { origin: local(8_000), isNamed: true, keyVariable: "VLLM_API_KEY", apiKey: "v" },
  ]);
  const elsewhere = { ENGINE_URL: `${local(9_000)}/v1`, VLLM_API_KEY: "v" };
  expect(changed(elsewhere).filter(({ isNamed }) => isNamed)).toEqual([
    { origin: local(9_000), isNamed: true, keyVariable: "ENGINE_API_KEY" },
  ]);
});

test("a usual address that is named again is looked at once, with the key that belongs to the name", () => {
  const named = { ENGINE_URL: local(8_000), ENGINE_API_KEY: "k" };
  expect(changed(named)).toMatchObject([{ origin: local(8_000), isNamed: true, apiKey: "k" }]);
});

test("order, lists and aliases are read with whatever spaces are between them", () => {
  const { policy } = readEngineSettings({
    ENGINE_ORDER: "llama-cpp, ollama",
    MODELS_ALLOW: "qwen3:*, llama*",
    MODELS_DENY: "*:70b",
    MODEL_ALIASES: "small = tiny.gguf,fast=qwen3:8b",
  });
  expect(policy).toEqual({
    order: ["llama-cpp", "ollama"],
    ...{ allow: ["qwen3:*", "llama*"], deny: ["*:70b"] },
    aliases: new Map([
      ["tiny.gguf", "small"],
      ["qwen3:8b", "fast"],
    ]),
  });
});

test.each([
  ["OLLAMA_HOST", "http://"],
  ["ENGINE_ORDER", "vllm,olama"],
  ["MODEL_ALIASES", "small"],
  ["MODEL_ALIASES", "a=b=c"],
  ["ENGINE_URL", "nonsense"],
  ["ENGINE_URL", "ftp://127.0.0.1"],
  ["ENGINE_URL", "http://me:secret@127.0.0.1:5000"],
  ["ENGINE_URL", "http://engine.example/v1"],
  ["OLLAMA_HOST", "8.8.8.8"],
  ["VLLM_HOST", "http://[2001:4860::1]:8000"],
])("%s=%s is refused", (name, text) => {
  expect(() => readEngineSettings({ [name]: text })).toThrow(invalid(name));
});

test.each(["http://gpu:5000", "http://gpu.local", "http://[fd00::1]:1", "http://100.64.0.3:1"])(
  "%s is near enough to do without https",
  (url) => {
    expect(changed({ ENGINE_URL: url })).toMatchObject([{ origin: url }]);
  },
);

test("a flag is refused under its own name", () => {
  expect(() => namedAddress({}, "nonsense", "--engine")).toThrow(invalid("--engine"));
});
