/** `troop init` by the commands that people type: what it writes, who reads it, and how it is taken back. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startFakeEngine } from "../../test/support/fake-engine/fake-engine.ts";
import { readSettingsFile, withSettings, writeSettingsFile } from "../host/settings-file.ts";
import { createMachine } from "./command-line.fixture.ts";

const nobody = "127.0.0.1:1";
const noEngines = {
  ...{ OLLAMA_HOST: nobody, VLLM_HOST: nobody, LM_STUDIO_HOST: nobody },
  ...{ LLAMA_SERVER_HOST: nobody, SGLANG_HOST: nobody },
};
const coordinator = "https://coordinator.example";

/** A machine whose owner types no coordinator unless they mean to. */
function createHome(more: Record<string, string> = {}) {
  const machine = createMachine(coordinator, { ...noEngines, ...more });
  const file = join(machine.folder, "settings.env");
  return { ...machine, file, text: () => readFileSync(file, "utf8") };
}

test("what was said once is known to later commands, below variables and flags", async () => {
  using home = createHome();
  const told = await home.troop("init", "--role", "both", "--for", "own", "--yes", "--json");
  expect(told).toMatchObject({
    code: 0,
    json: { file: home.file, written: true, settings: ["COORDINATOR_URL", "ROLES", "LEND_TO"], engines: [], started: [] }, // prettier-ignore
  });
  expect(told.stderr).toContain("No engine runs here now");
  expect(statSync(home.file).mode & 0o777).toBe(0o600);
  const chosen = readSettingsFile(home.folder);
  expect(chosen).toEqual({ COORDINATOR_URL: coordinator, ROLES: "both", LEND_TO: "own" });
  expect(withSettings({ LEND_TO: "all", ROLES: "" }, chosen)).toEqual({
    ...{ COORDINATOR_URL: coordinator, ROLES: "both", LEND_TO: "all" },
  });
  writeSettingsFile(home.folder, { COORDINATOR_URL: "http://127.0.0.1:1" });
  expect((await home.troopAlone("models")).stderr).toContain(
    "http://127.0.0.1:1 cannot be reached",
  );
  const elsewhere = await home.troopAlone("models", "--coordinator", "http://127.0.0.1:2");
  expect(elsewhere.stderr).toContain("http://127.0.0.1:2 cannot be reached");
});

test("a secret that the environment names by a file is not overruled by the settings", () => {
  const settings = { TROOP_API_KEY: "old", ENGINE_API_KEY_FILE: "/old", PROXY_PORT: "9100" };
  const environment = { TROOP_API_KEY_FILE: "/new", ENGINE_API_KEY: "new" };
  expect(withSettings(environment, settings)).toEqual({ ...environment, PROXY_PORT: "9100" });
});

test("it can be repeated: what is there stays, lines of others too, and says so", async () => {
  using home = createHome();
  mkdirSync(home.folder, { recursive: true });
  writeFileSync(home.file, "# mine\nPROXY_PORT=9100\n");
  const schedule = ["--schedule", "mon-fri 09:00-18:00 away"];
  await home.troop("init", "--role", "lend", ...schedule, "--yes");
  expect(home.text()).toContain("OWNER_SCHEDULE='mon-fri 09:00-18:00 away'\n");
  const again = await home.troopAlone("init", "--yes", "--json");
  expect(again).toMatchObject({ code: 0, json: { written: false } });
  await home.troopAlone("init", "--role", "borrow", "--yes");
  expect(readSettingsFile(home.folder)).toEqual({
    ...{ COORDINATOR_URL: coordinator, ROLES: "borrow", PROXY_PORT: "9100" },
  });
});

test("it is previewed and asked for, and taken back to the last line of its own", async () => {
  using home = createHome();
  const words = ["init", "--role", "borrow", "--no-start"];
  const refused = await home.troopAsked("n", ...words);
  expect(refused.stderr).toContain(`+ COORDINATOR_URL=${coordinator}`);
  expect(refused.stdout).toBe("Nothing was written.\n");
  expect(existsSync(home.file)).toBe(false);
  expect((await home.troop(...words)).code).toBe(2);
  expect(existsSync(home.file)).toBe(false);
  expect((await home.troopAsked("\r", ...words)).stdout).toContain(`Written: ${home.file}`);
  const reset = await home.troopAlone("init", "--reset", "--yes", "--json");
  expect(reset).toMatchObject({ code: 0, json: { written: true, settings: [] } });
  expect(reset.stderr).toContain(`- COORDINATOR_URL=${coordinator}`);
  expect(existsSync(home.file)).toBe(false);
});

test("engines that run here are named", async () => {
  await using engine = await startFakeEngine({});
  using home = createHome({ ENGINE_URL: engine.origin });
  const { json, stderr } = await home.troop("init", "--role", "lend", "--yes", "--json");
  expect(json.engines).toHaveLength(1);
  expect(stderr).toContain(new URL(engine.origin).host);
});

test.each([
  [
    ["--coordinator", "http://coordinator.example"],
    "configuration_invalid",
    "--coordinator https://coordinator.example",
  ],
  [
    [],
    "configuration_invalid",
    "troop init --yes --json --coordinator https://coordinator.example",
  ],
  [["--coordinator", coordinator, "--role", "borrow", "--for", "own"], "usage", "--role both"],
  [
    ["--coordinator", coordinator, "--role", "lend", "--schedule", "noon"],
    "configuration_invalid",
    "troop init --help",
  ],
])("%j is refused with a command that helps, and nothing is written", async (words, code, run) => {
  // prettier-ignore
  using home = createHome();
  const told = await home.troopAlone("init", "--yes", "--json", ...words);
  expect(told).toMatchObject({ code: 2, json: { error: { code } } });
  expect(told.json.error.run).toContain(run);
  expect(existsSync(home.file)).toBe(false);
});

test.each([
  ["PROXY_PORT=abc", {}, 'PROXY_PORT is not understood: "abc" is no number.', true],
  ["LOG_LEVEL=loud", { LOG_LEVEL: "" }, "LOG_LEVEL is not understood", true],
  ["PROXY_PORT=abc", { PROXY_PORT: "x" }, 'PROXY_PORT is not understood: "x" is no number.', false],
])("of %s, under %j, it is said whether the file has it", async (line, more, cause, isFile) => {
  using home = createHome(more);
  writeFileSync(home.file, line, { mode: 0o600 });
  const { code, json } = await home.troop("up", "--json");
  expect(code).toBe(2);
  expect(json.error.cause).toContain(cause);
  expect(json.error.cause.endsWith(`${home.file} has it.`)).toBe(isFile);
  expect(json.error.run.startsWith("grep -n ")).toBe(isFile);
});
