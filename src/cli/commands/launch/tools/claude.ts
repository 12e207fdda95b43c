/** Claude Code: the Messages API, by variables or by the `env` of its settings, which wins over the shell's. */
import { join } from "node:path";
import { json } from "../edit/json.ts";
import { anyKey, keyVariable, type Target, type Tool } from "../tool.ts";

/** The model of the conversation, and those that it takes for its smaller and larger work. */
const modelVariables = [
  "ANTHROPIC_MODEL",
  "ANTHROPIC_SMALL_FAST_MODEL",
  "ANTHROPIC_DEFAULT_OPUS_MODEL",
  "ANTHROPIC_DEFAULT_SONNET_MODEL",
  "ANTHROPIC_DEFAULT_HAIKU_MODEL",
];

const variables = ({ url, model, contextLength }: Target) => ({
  ANTHROPIC_BASE_URL: url,
  // It takes a model that it does not know for one of 200,000 tokens.
  ...(contextLength === undefined ? {} : { CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(contextLength) }),
  ...Object.fromEntries(modelVariables.map((name) => [name, model])),
});

export const claude: Tool = {
  title: "Claude Code",
  programs: ["claude"],
  install: "npm install -g @anthropic-ai/claude-code",
  settingsFile: ({ claude: folder }) => join(folder, "settings.json"),
  language: json,
  settings: (target) => [
    ...Object.entries(variables(target)).map(([name, value]) => ({ path: ["env", name], value })),
    target.needsKey
      ? { path: ["apiKeyHelper"], value: `printenv ${keyVariable}` }
      : { path: ["env", "ANTHROPIC_AUTH_TOKEN"], value: anyKey },
  ],
  // Beside a token a key would be sent too, to somebody whom it does not concern.
  start: (target, key) => ({
    words: [],
    environment: {
      ...variables(target),
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_API_KEY: undefined,
    },
  }),
};
