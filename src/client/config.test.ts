import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noPreferences } from "./routing/preferences.ts";
import { readSidecarConfig } from "./config.ts";

const COORDINATOR_URL = "https://troop.example/";

test("defaults are as documented", () => {
  expect(readSidecarConfig({ COORDINATOR_URL, DATA_DIR: "/data" })).toEqual({
    coordinatorUrl: "https://troop.example",
    dataFolder: "/data",
    listen: { host: "127.0.0.1", port: 9_000 },
    apiKey: undefined,
    allowedOrigins: [],
    keepsResponses: true,
    queueWaitMs: 30_000,
    maxBudget: undefined,
    caps: { hourly: undefined, daily: undefined },
    policy: { onlyNodes: [], onlyOwners: [] },
    routing: { modelLists: new Map(), preferences: noPreferences },
  });
});

test("who may be asked is a list of ids, and nothing else", () => {
  const id = "n".repeat(43);
  const { policy } = readSidecarConfig({ COORDINATOR_URL, ONLY_NODES: `${id}, `, ONLY_OWNERS: id });
  expect(policy).toEqual({ onlyNodes: [id], onlyOwners: [id] });
  expect(() => readSidecarConfig({ COORDINATOR_URL, ONLY_OWNERS: "everybody" })).toThrow(
    expect.objectContaining({ code: "configuration_invalid" }) as Error,
  );
});

test("responses are kept unless one says so, in one word", () => {
  const read = (word: string) =>
    readSidecarConfig({ COORDINATOR_URL, RESPONSES_STORE: word }).keepsResponses;
  expect(read("off")).toBe(false);
  expect(() => read("no")).toThrow(expect.objectContaining({ param: "RESPONSES_STORE" }) as Error);
});

test("flags go before the environment, and a flag not given does not", () => {
  const environment = {
    COORDINATOR_URL,
    PROXY_PORT: "9001",
    ALLOWED_ORIGINS: "http://a:1, https://b",
  };
  const listen = { host: "::1", port: 1 };
  expect(readSidecarConfig(environment, { listen })).toMatchObject({ listen });
  expect(readSidecarConfig(environment, { listen: undefined })).toMatchObject({
    listen: { port: 9_001 },
    allowedOrigins: ["http://a:1", "https://b"],
  });
});

test("the key may lie in a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "troop-config-"));
  const file = join(folder, "key");
  writeFileSync(file, "from a file\n");
  const config = readSidecarConfig({ COORDINATOR_URL, TROOP_API_KEY_FILE: file });
  rmSync(folder, { recursive: true });
  expect(config.apiKey).toBe("from a file");
});

test.each([
  [{}, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: "http://troop.example" }, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: "troop.example" }, "COORDINATOR_URL"],
  [{ COORDINATOR_URL, PROXY_PORT: "70000" }, "PROXY_PORT"],
  [{ COORDINATOR_URL, ALLOWED_ORIGINS: "localhost:3000" }, "ALLOWED_ORIGINS"],
  [{ COORDINATOR_URL, ALLOWED_ORIGINS: "http://localhost:3000/" }, "ALLOWED_ORIGINS"],
])("%o is refused, naming %s", (environment, param) => {
  expect(() => readSidecarConfig(environment)).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param }) as Error,
  );
});
