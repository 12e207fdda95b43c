/** Zed: chat completions, by a provider in its settings alone; its key comes from a variable of the provider's name. */
import { join } from "node:path";
import { json } from "../edit/json.ts";
import { keyVariable, openAiUrl, type Tool } from "../tool.ts";

/** `TROOP_API_KEY` is the variable of this name. */
const provider = "troop";

/** Zed must be told, and cuts conversations to it. */
const contextDefault = 32_768;

export const zed: Tool = {
  title: "Zed",
  programs: ["zed", "zeditor"],
  install: "https://zed.dev/download",
  settingsFile: ({ config }) => join(config, "zed", "settings.json"),
  language: json,
  settings: (target) => [
    {
      path: ["language_models", "openai_compatible", provider],
      value: {
        api_url: openAiUrl(target),
        available_models: [
          {
            name: target.model,
            display_name: target.model,
            max_tokens: target.contextLength ?? contextDefault,
            capabilities: {
              tools: true,
              images: false,
              parallel_tool_calls: true,
              prompt_cache_key: false,
            },
          },
        ],
      },
    },
    { path: ["agent", "default_model"], value: { provider, model: target.model } },
  ],
  isSettingsOnly: true,
  start: (_target, key) => ({ words: [], environment: { [keyVariable]: key } }),
};
