/** What `troop launch <tool> --config` is to leave in each tool's settings, beside what their owner has there. */
import { parse as parseToml } from "smol-toml";
import { expect } from "vitest";
import { parse as parseYaml } from "yaml";

type Read = (text: string) => unknown;
const parseJson: Read = (text) => JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, ""));

interface SettingsCase {
  tool: string;
  file: string;
  read: Read;
  /** Somebody's own settings, with words about them. */
  own: string;
  /** What they read as. */
  owns: object;
  /** What is to be in the file afterwards. */
  says(url: string): object;
}

export const settingsCases: readonly SettingsCase[] = [
  {
    tool: "claude",
    file: ".claude/settings.json",
    read: parseJson,
    own: '{\n    // mine\n    "theme": "dark",\n    "env": { "FOO": "1" }\n}\n',
    owns: { theme: "dark", env: { FOO: "1" } },
    says: (url) => ({
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: "any",
        ANTHROPIC_MODEL: "toy:1b",
        ANTHROPIC_DEFAULT_HAIKU_MODEL: "toy:1b",
      },
    }),
  },
  {
    tool: "codex",
    file: ".codex/config.toml",
    read: parseToml,
    own: '# mine\napproval_policy = "never" # really\n\n[tui]\ntheme = "dark"\n',
    owns: { approval_policy: "never", tui: { theme: "dark" } },
    says: (url) => ({
      model: "toy:1b",
      model_provider: "troop",
      model_context_window: 4_096,
      model_providers: { troop: { base_url: `${url}/v1`, wire_api: "responses" } },
    }),
  },
  {
    tool: "opencode",
    file: ".config/opencode/opencode.json",
    read: parseJson,
    own: '{\n  // mine\n  "theme": "dark",\n  "provider": { "x": { "npm": "y" } }\n}\n',
    owns: { theme: "dark", provider: { x: { npm: "y" } } },
    says: (url) => ({
      model: "troop/toy:1b",
      provider: {
        troop: {
          npm: "@ai-sdk/openai-compatible",
          options: { baseURL: `${url}/v1`, apiKey: "any" },
          models: { "toy:1b": { name: "toy:1b", limit: { context: 4_096, output: 1_024 } } },
        },
      },
    }),
  },
  {
    tool: "qwen",
    file: ".qwen/settings.json",
    read: parseJson,
    own: '{\n  // mine\n  "$version": 4,\n  "ui": { "theme": "dark" },\n  "modelProviders": { "x": [] }\n}\n',
    owns: { $version: 4, ui: { theme: "dark" }, modelProviders: { x: [] } },
    says: (url) => ({
      $version: 4,
      security: { auth: { selectedType: "openai" } },
      model: { name: "toy:1b" },
      providerProtocol: { troop: "openai" },
      modelProviders: {
        troop: [
          {
            ...{ id: "toy:1b", baseUrl: `${url}/v1`, envKey: "TROOP_API_KEY" },
            generationConfig: { contextWindowSize: 4_096 },
          },
        ],
      },
    }),
  },
  {
    tool: "pi",
    file: ".pi/agent/models.json",
    read: parseJson,
    own: '{\n  // mine\n  "providers": { "x": { "api": "y" } }\n}\n',
    owns: { providers: { x: { api: "y" } } },
    says: (url) => ({
      providers: {
        troop: {
          ...{ baseUrl: `${url}/v1`, api: "openai-completions", apiKey: "any" },
          models: [{ id: "toy:1b", contextWindow: 4_096, maxTokens: 1_024 }],
        },
      },
    }),
  },
  {
    tool: "continue",
    file: ".continue/config.yaml",
    read: parseYaml as Read,
    own: "name: Mine   # my own\nversion: 2.0.0\nschema: v1\nmodels:\n  - name: Other\n    provider: ollama # here\n    model: x\nrules: []\n",
    owns: { name: "Mine", version: "2.0.0", rules: [] },
    says: (url) => ({
      schema: "v1",
      models: expect.arrayContaining([
        {
          ...{ name: "Monkey Troop", provider: "openai", model: "toy:1b" },
          ...{ apiBase: `${url}/v1`, apiKey: "any" },
        },
      ]) as unknown,
    }),
  },
  {
    tool: "zed",
    file: ".config/zed/settings.json",
    read: parseJson,
    own: '// Zed\n{\n  "vim_mode": true,\n  "agent": { "dock": "left" }\n}\n',
    owns: { vim_mode: true, agent: { dock: "left" } },
    says: (url) => ({
      agent: { default_model: { provider: "troop", model: "toy:1b" } },
      language_models: {
        openai_compatible: {
          troop: {
            api_url: `${url}/v1`,
            available_models: [{ name: "toy:1b", max_tokens: 4_096 }],
          },
        },
      },
    }),
  },
  {
    tool: "aider",
    file: ".aider.conf.yml",
    read: parseYaml as Read,
    own: "# mine\ndark-mode: true\nmodel: gpt-4o # for now\n",
    owns: { "dark-mode": true },
    says: (url) => ({
      model: "openai/toy:1b",
      "openai-api-base": `${url}/v1`,
      "openai-api-key": "any",
    }),
  },
];
