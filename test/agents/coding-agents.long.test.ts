/** Coding agents, unchanged, edit a file through the network: they ask a model, and do with their tools what it says. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startNetwork } from "../network.ts";
import { plainText, type Script, toolCall } from "../support/fake-engine/script.ts";
import { makeWorkplace, runAgent, type Workplace } from "./agent.ts";

const before = "The troop has two monkeys.\n";
const after = "The troop has three monkeys.\n";
const model = "test-model";

interface Message {
  role: string;
  content: unknown;
}

/** A model that calls one tool after the other, and says that it is done once it has seen all their results. */
function working(calls: readonly { tool: string; input: object }[]) {
  return (body: Record<string, unknown>): Script => {
    // Beside the work agents ask for a title: without tools.
    if (!Array.isArray(body["tools"])) return plainText("A", " title");
    const results = (body["messages"] as Message[]).filter(({ role }) => role === "tool");
    const next = calls[results.length];
    return next
      ? toolCall(next.tool, JSON.stringify(next.input))
      : plainText("It", " is", " done.");
  };
}

const edited = ({ project }: Workplace) => readFile(join(project, "troop.txt"), "utf8");

test.each([
  ["HTTP", false],
  ["a WebSocket", true],
])("Codex edits a file through its shell, over %s", async (_way, hasWebSockets) => {
  await using network = await startNetwork();
  await using place = await makeWorkplace({
    "project/troop.txt": before,
    "home/.codex/config.toml": `
      model = "${model}"
      model_provider = "troop"
      [model_providers.troop]
      name = "Monkey Troop"
      base_url = "${network.sidecar.url}/v1"
      wire_api = "responses"
      supports_websockets = ${hasWebSockets}
    `,
  });
  const cmd = "sed -i s/two/three/ troop.txt && cat troop.txt";
  network.engine.play(working([{ tool: "exec_command", input: { cmd, login: false } }]));
  const words = ["exec", "--skip-git-repo-check", "-s", "danger-full-access", "Make it three."];
  const { code, stdout, stderr } = await runAgent(place, "codex", words);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("It is done.");
  // Where the other way is not taken, it says so and goes on over HTTP.
  expect(stderr).not.toContain("Falling back");
  expect(await edited(place)).toBe(after);
  const results = network.engine.requests.all.at(-1)!.body["messages"] as Message[];
  expect(results.at(-1)).toMatchObject({
    role: "tool",
    content: expect.stringContaining("three monkeys"),
  });
  await network.settle();
  expect((await network.history(network.provider)).map(({ kind }) => kind)).toContain("request");
});

test.each([
  ["opencode", "opencode.json", ["run"]],
  // It is opencode, with another name and more tools.
  ["kilo", "kilo.json", ["run", "--auto"]],
])("%s edits a file with its own editor", async (program, file, words) => {
  await using network = await startNetwork();
  const options = { baseURL: `${network.sidecar.url}/v1`, apiKey: "any" };
  const settings = {
    ...{ model: `troop/${model}`, small_model: `troop/${model}`, autoupdate: false },
    provider: {
      troop: {
        npm: "@ai-sdk/openai-compatible",
        name: "Monkey Troop",
        options,
        models: { [model]: {} },
      },
    },
  };
  await using place = await makeWorkplace({
    "project/troop.txt": before,
    [`project/${file}`]: JSON.stringify(settings),
  });
  const filePath = join(place.project, "troop.txt");
  network.engine.play(
    working([
      { tool: "read", input: { filePath } },
      { tool: "edit", input: { filePath, oldString: "two", newString: "three" } },
    ]),
  );
  const { code, stdout, stderr } = await runAgent(place, program, [...words, "Make it three."]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("It is done.");
  expect(await edited(place)).toBe(after);
});

test.each([
  ["openai-completions", "/v1"],
  ["openai-responses", "/v1"],
  ["anthropic-messages", ""],
])("pi edits a file with its own editor, by %s", async (api, path) => {
  await using network = await startNetwork();
  const models = [{ id: model, contextWindow: 32_768, maxTokens: 8_192, reasoning: true }];
  const troop = { baseUrl: network.sidecar.url + path, api, apiKey: "any", models };
  await using place = await makeWorkplace({
    "project/troop.txt": before,
    "home/.pi/agent/models.json": JSON.stringify({ providers: { troop } }),
  });
  const file = join(place.project, "troop.txt");
  network.engine.play(
    working([
      { tool: "read", input: { path: file } },
      { tool: "edit", input: { path: file, edits: [{ oldText: "two", newText: "three" }] } },
    ]),
  );
  const words = ["-p", "--model", `troop/${model}`, "Make it three."];
  const { code, stdout, stderr } = await runAgent(place, "pi", words);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("It is done.");
  expect(await edited(place)).toBe(after);
  // To a model that reasons it speaks as a developer.
  const [first] = network.engine.requests.all[0]!.body["messages"] as Message[];
  expect(first).toMatchObject({ role: "system", content: expect.stringContaining("pi") });
});

test("Claude Code searches for a tool, reads, and edits a file", async () => {
  await using network = await startNetwork();
  await using place = await makeWorkplace({ "project/troop.txt": before });
  const file_path = join(place.project, "troop.txt");
  network.engine.play(
    working([
      { tool: "ToolSearch", input: { query: "select:NotebookEdit", max_results: 1 } },
      { tool: "Read", input: { file_path } },
      { tool: "Edit", input: { file_path, old_string: "two", new_string: "three" } },
    ]),
  );
  const words = ["-p", "Make it three.", "--permission-mode", "acceptEdits"];
  const { code, stdout, stderr } = await runAgent(place, "claude", words, {
    ...{ ANTHROPIC_BASE_URL: network.sidecar.url, ANTHROPIC_AUTH_TOKEN: "any" },
    ANTHROPIC_MODEL: model,
  });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("It is done.");
  expect(await edited(place)).toBe(after);
  const asked = network.engine.requests.all.filter(({ body }) => Array.isArray(body["tools"]));
  const offered = asked.map(({ body }) =>
    (body["tools"] as { function: { name: string } }[]).map((tool) => tool.function.name),
  );
  expect(offered[0]).not.toContain("NotebookEdit");
  expect(offered[1]).toEqual([...offered[0]!, "NotebookEdit"]);
});

test("Continue edits a file with its own editor", async () => {
  await using network = await startNetwork();
  const config = {
    ...{ name: "Test", version: "1.0.0", schema: "v1" },
    models: [
      {
        ...{ name: "Monkey Troop", provider: "openai", model },
        ...{ apiBase: `${network.sidecar.url}/v1`, apiKey: "any" },
      },
    ],
  };
  // JSON is YAML.
  await using place = await makeWorkplace({
    "project/troop.txt": before,
    "home/.continue/config.yaml": JSON.stringify(config),
  });
  const file = join(place.project, "troop.txt");
  network.engine.play(
    working([
      { tool: "Read", input: { filepath: file } },
      { tool: "Edit", input: { file_path: file, old_string: "two", new_string: "three" } },
    ]),
  );
  const { code, stdout, stderr } = await runAgent(place, "cn", ["-p", "--auto", "Make it three."]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("It is done.");
  expect(await edited(place)).toBe(after);
});

test("Qwen Code edits a file with its own editor", async () => {
  await using network = await startNetwork();
  await using place = await makeWorkplace({ "project/troop.txt": before });
  const file_path = join(place.project, "troop.txt");
  network.engine.play(
    working([
      { tool: "read_file", input: { file_path } },
      { tool: "edit", input: { file_path, old_string: "two", new_string: "three" } },
    ]),
  );
  const words = ["--auth-type", "openai", "--approval-mode", "auto-edit", "-p", "Make it three."];
  const { code, stdout, stderr } = await runAgent(place, "qwen", words, {
    ...{ OPENAI_BASE_URL: `${network.sidecar.url}/v1`, OPENAI_API_KEY: "any" },
    OPENAI_MODEL: model,
  });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("It is done.");
  expect(await edited(place)).toBe(after);
});
