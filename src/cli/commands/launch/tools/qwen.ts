/** Qwen Code: chat completions, by flags or by a provider of its own in `settings.json`. */
import { join } from "node:path";
import { json } from "../edit/json.ts";
import { anyKey, keyVariable, openAiUrl, type Target, type Tool } from "../tool.ts";

const provider = "troop";
/** Of how it asks: a provider's name is none to it. */
const protocol = "openai";

const modelOf = (target: Target) => ({
  id: target.model,
  name: "Monkey Troop",
  baseUrl: openAiUrl(target),
  envKey: keyVariable,
  ...(target.contextLength === undefined
    ? {}
    : { generationConfig: { contextWindowSize: target.contextLength } }),
});

export const qwen: Tool = {
  title: "Qwen Code",
  programs: ["qwen"],
  install: "npm install -g @qwen-code/qwen-code",
  settingsFile: ({ qwen: folder }) => join(folder, "settings.json"),
  language: json,
  settings: (target, now) => [
    // A file without a version it takes for an old one, and writes it anew.
    ...(Object.keys(now).length === 0 ? [{ path: ["$version"], value: 4 }] : []),
    { path: ["security", "auth", "selectedType"], value: protocol },
    { path: ["model", "name"], value: target.model },
    { path: ["providerProtocol", provider], value: protocol },
    { path: ["modelProviders", provider], value: [modelOf(target)] },
    // Where the variable is named it must be set; what the shell says of it wins.
    ...(target.needsKey ? [] : [{ path: ["env", keyVariable], value: anyKey }]),
  ],
  start: (target, key) => ({
    words: [
      "--auth-type",
      protocol,
      "--model",
      target.model,
      "--openai-base-url",
      openAiUrl(target),
    ],
    // The second for settings of ours, which win over flags.
    environment: { OPENAI_API_KEY: key, [keyVariable]: key },
  }),
};
