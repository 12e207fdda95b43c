/** Codex: the Responses API, by a provider of its own in `config.toml` or in flags. */
import { join } from "node:path";
import { toml } from "../edit/toml.ts";
import { keyVariable, openAiUrl, type Target, type Tool } from "../tool.ts";

const provider = "troop";

const providerOf = (target: Target) => ({
  name: "Monkey Troop",
  base_url: openAiUrl(target),
  wire_api: "responses",
  // Where the variable is named it must be set.
  ...(target.needsKey ? { env_key: keyVariable } : {}),
});

const top = ({ model, contextLength }: Target) => ({
  model,
  model_provider: provider,
  ...(contextLength === undefined ? {} : { model_context_window: contextLength }),
});

export const codex: Tool = {
  title: "Codex",
  programs: ["codex"],
  install: "npm install -g @openai/codex",
  settingsFile: ({ codex: folder }) => join(folder, "config.toml"),
  language: toml,
  settings: (target) => [
    ...Object.entries(top(target)).map(([name, value]) => ({ path: [name], value })),
    { path: ["model_providers", provider], value: providerOf(target) },
  ],
  start: (target) => ({
    words: [
      ...Object.entries(top(target)),
      ...Object.entries(providerOf(target)).map(
        ([name, value]) => [`model_providers.${provider}.${name}`, value] as const,
      ),
      // A flag's value is TOML, and JSON's strings and numbers are.
    ].flatMap(([name, value]) => ["-c", `${name}=${JSON.stringify(value)}`]),
    environment: {},
  }),
};
