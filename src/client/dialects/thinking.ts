/**
 * How to ask a model to think, or not to. There is no one way: each is refused, or not heard, by some engine.
 *
 * | | `reasoning_effort` | `chat_template_kwargs` |
 * |---|---|---|
 * | Ollama | refuses it, but for "none", of models that cannot think | does not hear |
 * | vLLM, SGLang | hear it; refuse "none" for gpt-oss | hear; vLLM refuses any for Mistral's tokenizers |
 * | llama-server | hears it, by version | hears |
 *
 * An application may ask for it in every request, whatever the model (Claude Code does): so what is said is what no
 * engine of that family of models refuses. A name tells the family, as well as a name can. Pure.
 */
import { isChoiceName } from "../routing/model-choice.ts";

export interface Thinking {
  /** Undefined where it is left to the model. */
  isOn?: boolean | undefined;
  /** A word such as "low" or "max". */
  effort?: string | null | undefined;
  /** Tokens. */
  budget?: number | null | undefined;
}

/** Fields of a chat. */
export function thinkingFields(model: string, thinking: Thinking): object {
  const family = familyOf(model);
  switch (family) {
    case "any":
    case "mistral":
      return {};
    case "gpt-oss":
      return gptOssFields(thinking);
    case "other":
      return templateFields(thinking);
    default:
      return family satisfies never;
  }
}

/** Mistral, Mixtral, Ministral, Magistral, Devstral, Codestral, Pixtral, Voxtral… */
const mistral = /stral|xtral/i;

function familyOf(model: string): "any" | "mistral" | "gpt-oss" | "other" {
  // Which model a name of several will mean is decided later.
  if (isChoiceName(model)) return "any";
  if (mistral.test(model)) return "mistral";
  return /gpt-?oss/i.test(model) ? "gpt-oss" : "other";
}

/** It always thinks, at one of three levels. */
function gptOssFields({ isOn, effort }: Thinking): object {
  const wanted = isOn === false ? "low" : effort;
  return wanted ? { reasoning_effort: levels.get(wanted) ?? "high" } : {};
}

const levels: ReadonlyMap<string, string> = new Map([
  ["none", "low"],
  ["minimal", "low"],
  ["low", "low"],
  ["medium", "medium"],
]);

/** Families call the switch one way or the other; templates pass over what they do not know. */
function templateFields({ isOn, effort, budget }: Thinking): object {
  // The one word of effort that no engine refuses is the only one that Ollama hears.
  if (isOn === false)
    return {
      reasoning_effort: "none",
      chat_template_kwargs: { enable_thinking: false, thinking: false },
    };
  const settings = {
    ...(isOn ? { enable_thinking: true, thinking: true } : {}),
    ...(effort ? { reasoning_effort: effort } : {}),
    ...(budget ? { thinking_budget: budget } : {}),
  };
  return Object.keys(settings).length > 0 ? { chat_template_kwargs: settings } : {};
}
