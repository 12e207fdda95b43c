/** Continue: chat completions, by a model in `config.yaml`; its program for the terminal is named a file of its own. */
import { join } from "node:path";
import { stringify } from "yaml";
import { yaml } from "../edit/yaml.ts";
import { anyKey, keyVariable, openAiUrl, type Target, type Tool } from "../tool.ts";

const name = "Monkey Troop";

const modelOf = (target: Target) => ({
  name,
  provider: "openai",
  model: target.model,
  apiBase: openAiUrl(target),
  apiKey: target.needsKey ? `\${{ secrets.${keyVariable} }}` : anyKey,
});

/** What a file must say before anything else. */
const head = { name: "Main Config", version: "1.0.0", schema: "v1" };

export const continueDev: Tool = {
  title: "Continue",
  programs: ["cn"],
  install: "npm install -g @continuedev/cli",
  settingsFile: ({ home }) => join(home, ".continue", "config.yaml"),
  language: yaml,
  settings: (target, now) => [
    ...Object.entries(head).flatMap(([key, value]) => (key in now ? [] : [{ path: [key], value }])),
    { path: ["models", { named: name }], value: modelOf(target) },
  ],
  objection({ home, exists }) {
    const [old, present] = ["config.json", "config.yaml"].map((file) =>
      join(home, ".continue", file),
    );
    // With a config.yaml beside it the older file is not read any more.
    return exists(old!) && !exists(present!)
      ? `Continue reads ${old} here, and would not once there is a config.yaml beside it.`
      : undefined;
  },
  startFile: (target) => ({
    name: "continue.yaml",
    text: stringify({ ...head, models: [modelOf(target)] }, { lineWidth: 0 }),
  }),
  start: (_target, _key, file) => ({ words: ["--config", file!], environment: {} }),
};
