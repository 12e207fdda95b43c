/** opencode: chat completions, by a provider in `opencode.json` or in a variable that holds such settings. */
import { join } from "node:path";
import { json } from "../edit/json.ts";
import { anyKey, keyVariable, openAiUrl, type Target, type Tool } from "../tool.ts";

const provider = "troop";

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
      models: { [target.model]: { name: target.model } },
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
