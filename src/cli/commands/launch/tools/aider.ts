/** aider: chat completions by way of LiteLLM, which knows a server of one's own by the model's prefix. */
import { join } from "node:path";
import { yaml } from "../edit/yaml.ts";
import { anyKey, openAiUrl, type Target, type Tool } from "../tool.ts";

const modelOf = ({ model }: Target) => `openai/${model}`;

export const aider: Tool = {
  title: "aider",
  programs: ["aider"],
  install: "python -m pip install aider-install && aider-install",
  settingsFile: ({ home }) => join(home, ".aider.conf.yml"),
  language: yaml,
  settings: (target) => [
    { path: ["model"], value: modelOf(target) },
    { path: ["openai-api-base"], value: openAiUrl(target) },
    // Its settings can hold a key but not point to one: that is left to OPENAI_API_KEY.
    ...(target.needsKey ? [] : [{ path: ["openai-api-key"], value: anyKey }]),
  ],
  start: (target, key) => ({
    words: ["--model", modelOf(target)],
    environment: { OPENAI_API_BASE: openAiUrl(target), OPENAI_API_KEY: key },
  }),
};
