/** pi: chat completions, by a provider in `models.json`, or of an extension that it is started with. */
import { join } from "node:path";
import { json } from "../edit/json.ts";
import { anyKey, keyVariable, openAiUrl, type Target, type Tool } from "../tool.ts";

const provider = "troop";

/** Without these it counts on 128,000 and 16,384 tokens. */
const contextDefault = 32_768;
const outputMost = 8_192;

function providerOf(target: Target) {
  const { model, contextLength: contextWindow = contextDefault } = target;
  return {
    baseUrl: openAiUrl(target),
    api: "openai-completions",
    // The name of a variable, where there is one of this name.
    apiKey: target.needsKey ? keyVariable : anyKey,
    models: [
      {
        ...{ id: model, name: model, reasoning: false, input: ["text"] },
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
        ...{ contextWindow, maxTokens: Math.min(outputMost, Math.floor(contextWindow / 4)) },
      },
    ],
  };
}

export const pi: Tool = {
  title: "pi",
  programs: ["pi"],
  install: "npm install -g @mariozechner/pi-coding-agent",
  settingsFile: ({ pi: folder }) => join(folder, "models.json"),
  language: json,
  settings: (target) => [{ path: ["providers", provider], value: providerOf(target) }],
  startFile: (target) => ({
    name: "pi.js",
    text: `export default (pi) => pi.registerProvider("${provider}", ${JSON.stringify(providerOf(target))});\n`,
  }),
  start: ({ model }, _key, file) => ({
    words: ["--extension", file!, "--model", `${provider}/${model}`],
    environment: {},
  }),
};
