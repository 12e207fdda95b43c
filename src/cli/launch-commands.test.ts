/** `troop launch`: another program is started with the local API's address, and its end is ours. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDesk } from "./launch.fixture.ts";

const key = "geheim-1234";

test.each<[string, string, (url: string) => { words: string[]; environment: object }]>([
  [
    "claude",
    "claude",
    (url) => ({
      words: ["-p", "hi"],
      environment: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: key,
        ANTHROPIC_MODEL: "toy:1b",
        ANTHROPIC_DEFAULT_HAIKU_MODEL: "toy:1b",
      },
    }),
  ],
  [
    "codex",
    "codex",
    (url) => ({
      words: [
        ...["-c", 'model="toy:1b"', "-c", 'model_provider="troop"'],
        ...["-c", "model_context_window=4096", "-c", 'model_providers.troop.name="Monkey Troop"'],
        ...["-c", `model_providers.troop.base_url="${url}/v1"`],
        ...["-c", 'model_providers.troop.wire_api="responses"'],
        ...["-c", 'model_providers.troop.env_key="TROOP_API_KEY"', "-p", "hi"],
      ],
      environment: { TROOP_API_KEY: key },
    }),
  ],
  [
    "opencode",
    "opencode",
    (url) => ({
      words: ["-p", "hi"],
      environment: {
        TROOP_API_KEY: key,
        OPENCODE_CONFIG_CONTENT: expect.stringContaining(`"baseURL":"${url}/v1"`) as string,
      },
    }),
  ],
  [
    "qwen",
    "qwen",
    (url) => ({
      words: [
        ...["--auth-type", "openai", "--model", "toy:1b", "--openai-base-url", `${url}/v1`],
        ...["-p", "hi"],
      ],
      environment: { OPENAI_API_KEY: key, TROOP_API_KEY: key },
    }),
  ],
  [
    "continue",
    "cn",
    () => ({
      words: ["--config", expect.stringMatching(/launch\/continue\.yaml$/) as string, "-p", "hi"],
      environment: { TROOP_API_KEY: key },
    }),
  ],
  [
    "pi",
    "pi",
    () => ({
      words: [
        ...["--extension", expect.stringMatching(/launch\/pi\.js$/) as string],
        ...["--model", "troop/toy:1b", "-p", "hi"],
      ],
      environment: { TROOP_API_KEY: key },
    }),
  ],
  [
    "aider",
    "aider",
    (url) => ({
      words: ["--model", "openai/toy:1b", "-p", "hi"],
      environment: { OPENAI_API_BASE: `${url}/v1`, OPENAI_API_KEY: key },
    }),
  ],
])("%s is started with what it needs, and the key in no word", async (tool, program, expected) => {
  await using desk = await createDesk({ TROOP_API_KEY: key, ANTHROPIC_API_KEY: "sk-real" }, key);
  desk.addProgram(program);
  expect((await desk.troopAlone("launch", tool, "--", "-p", "hi")).code).toBe(0);
  const { words, environment } = desk.started();
  expect(words).toEqual(expected(desk.url).words);
  expect(environment).toMatchObject(expected(desk.url).environment);
  expect(words.join(" ")).not.toContain(key);
  if (tool === "claude") expect(environment).not.toHaveProperty("ANTHROPIC_API_KEY");
});

test("a key that `troop up` made, or that a file holds, is found, and is in no file of a program", async () => {
  await using made = await createDesk({}, key);
  writeFileSync(join(made.folder, "api-key"), `${key}\n`, { mode: 0o600 });
  made.addProgram("cn");
  expect((await made.troopAlone("launch", "continue")).code).toBe(0);
  const { words, environment } = made.started();
  expect(environment).toMatchObject({ TROOP_API_KEY: key });
  const file = readFileSync(words[1]!, "utf8");
  expect(file).toContain("secrets.TROOP_API_KEY");
  expect(file).not.toContain(key);
  await using named = await createDesk({ TROOP_API_KEY_FILE: join(made.folder, "api-key") }, key);
  named.addProgram("aider");
  expect((await named.troopAlone("launch", "aider")).code).toBe(0);
  expect(named.started().environment).toMatchObject({ OPENAI_API_KEY: key });
});

test("without a key programs that insist on one are given any", async () => {
  await using desk = await createDesk();
  desk.addProgram("aider");
  await desk.troopAlone("launch", "aider");
  expect(desk.started().environment).toMatchObject({ OPENAI_API_KEY: "any" });
});

test.each([
  ["exit 7", 7],
  ["kill -TERM $$", 143],
  ["kill -INT $$", 130],
])("a program that ends by %s is our own end: %i", async (ending, code) => {
  await using desk = await createDesk();
  desk.addProgram("claude", ending);
  expect((await desk.troopAlone("launch", "claude")).code).toBe(code);
});

test("words that look like ids or flags of ours reach the program behind --", async () => {
  await using desk = await createDesk();
  desk.addProgram("codex");
  const words = ["exec", "--model", "x", "--config", "y", "-resume_everything", "--json", "a b"];
  await desk.troopAlone("launch", "codex", "--", ...words);
  expect(desk.started().words.slice(-words.length)).toEqual(words);
});

test("Zed is started once its settings point here", async () => {
  await using desk = await createDesk();
  desk.addProgram("zeditor");
  const first = await desk.troopAlone("launch", "zed");
  expect(first).toMatchObject({ code: 2 });
  expect(first.stderr).toContain("troop launch zed --config");
  await desk.troopAlone("launch", "zed", "--config");
  expect((await desk.troopAlone("launch", "zed", "--", ".")).code).toBe(0);
  expect(desk.started()).toMatchObject({ words: ["."], environment: { TROOP_API_KEY: "any" } });
});

test("the model is the named one, the only one, or chosen by who is there", async () => {
  await using desk = await createDesk();
  desk.addProgram("aider");
  desk.models.push({ id: "troop/auto", context_length: null });
  expect((await desk.troopAlone("launch", "aider")).code).toBe(0);
  expect(desk.started().words).toEqual(["--model", "openai/toy:1b"]);
  desk.models.push({ id: "other:7b", context_length: null });
  const many = await desk.troopAlone("launch", "aider");
  expect(many.code).toBe(2);
  expect(many.stderr).toContain("On offer: toy:1b, troop/auto, other:7b.");
  const unknown = await desk.troopAlone("launch", "aider", "--model", "none", "--json");
  expect(unknown.json).toMatchObject({ error: { code: "model_not_found" } });
  await desk.troopAlone("launch", "aider", "--model", "other:7b");
  expect(desk.started().words).toEqual(["--model", "openai/other:7b"]);
  const down = "\u001B[B";
  await desk.troopAsked(`${down}\r`, "launch", "aider");
  expect(desk.started().words).toEqual(["--model", "openai/troop/auto"]);
});

test.each([
  ["launch emacs", 2, "usage", /claude, codex, opencode, qwen, pi, continue, zed, aider/],
  ["launch aider --config --restore", 2, "usage", /--restore/],
  ["launch aider --force", 2, "usage", /--force/],
  ["launch aider", 1, "tool_missing", /aider-install/],
])("%s is refused with a reason", async (line, code, reason, text) => {
  await using desk = await createDesk();
  const told = await desk.troopAlone(...line.split(" "), "--json");
  expect(told).toMatchObject({ code, json: { error: { code: reason } } });
  expect(told.stderr).toMatch(text);
});

test("where no sidecar runs it says how to start one", async () => {
  await using desk = await createDesk();
  const elsewhere = ["--data", join(desk.home, "elsewhere")];
  const told = await desk.troopAlone("launch", "claude", ...elsewhere, "--json");
  expect(told).toMatchObject({ code: 3, json: { error: { code: "client_not_running" } } });
  expect(told.stderr).toMatch(/troop .*up/);
});

test("a dry run of a start shows the line and the variables' names, and starts nothing", async () => {
  await using desk = await createDesk({ TROOP_API_KEY: key }, key);
  desk.addProgram("claude", "touch $HOME/ran");
  const told = await desk.troopAlone("launch", "claude", "--dry-run", "--json", "--", "-c");
  expect(told.json).toMatchObject({ tool: "claude", model: "toy:1b", dry_run: true });
  expect(told.json.command).toEqual([join(desk.home, "bin", "claude"), "-c"]);
  expect(told.stdout).not.toContain(key);
  expect(desk.read("ran")).toBeUndefined();
});
