/** opencode: chat completions, by a provider in `opencode.json` or in a variable that holds such settings. */
import { join } from "node:path";
import { json } from "../edit/json.ts";
import { anyKey, keyVariable, openAiUrl, type Target, type Tool } from "../tool.ts";

const provider = "troop";

/** Without a limit it asks for 32,000 tokens each time, whatever fits, and never shortens a conversation. */
const modelOf = ({ model, contextLength: context }: Target) => ({
  name: model,
  ...(context && { limit: { context, output: Math.min(8_192, Math.floor(context / 4)) } }),
});

const settingsOf = (target: Target) => ({
  model: `${provider}/${target.model}`,
  small_model: `${provider}/${target.model}`,
  provider: {
    [provider]: {
      npm: "@ai-sdk/openai-compatible",
      name: "Monkey Troop",
      options: {
        baseURL: openAiUrl(target),
        apiKey: target.needsKey ? `{env:${keyVariable}}` : anyKey,
      },
      models: { [target.model]: modelOf(target) },
    },
  },
});

export const opencode: Tool = {
  title: "opencode",
  programs: ["opencode"],
  install: "npm install -g opencode-ai",
  settingsFile({ config, exists }) {
    const [plain, commented] = ["opencode.json", "opencode.jsonc"].map((name) =>
      join(config, "opencode", name),
    ) as [string, string];
    return exists(commented) && !exists(plain) ? commented : plain;
  },
  language: json,
  settings(target, now) {
    const { model, small_model, provider: providers } = settingsOf(target);
    return [
      // It would put that there itself with its first start.
      ...("$schema" in now
        ? []
        : [{ path: ["$schema"], value: "https://opencode.ai/config.json" }]),
      { path: ["model"], value: model },
      { path: ["small_model"], value: small_model },
      { path: ["provider", provider], value: providers[provider] },
    ];
  },
  start: (target) => ({
    words: [],
    environment: {
      OPENCODE_CONFIG_CONTENT: JSON.stringify(settingsOf(target)),
    },
  }),
};
