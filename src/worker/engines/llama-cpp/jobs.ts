/** Turns a parsed request into a job: prompt tokens by the model's own template, and what ends the answer. */
import { TroopError } from "../../../protocol/error-codes.ts";
import type { LoadedModel, TokenId, Tokenizable } from "./binding.ts";
import type { Job } from "./generate.ts";
import type { LoadedEngine } from "./load.ts";
import {
  chatHistory,
  maxTokensOf,
  samplingOf,
  stopTextsOf,
  textSoFar,
  type ChatRequest,
  type CompletionRequest,
} from "./requests.ts";

/** What the template says ends an answer: single tokens are compared as such, ordinary text as text. */
function resolveTriggers(model: LoadedModel, triggers: readonly Tokenizable[]) {
  const tokens = new Set<TokenId>();
  const texts: string[] = [];
  for (const trigger of triggers) {
    const ids = trigger.tokenize(model.tokenizer);
    const [first] = ids;
    if (first !== undefined && ids.length === 1) tokens.add(first);
    else if (ids.length > 1 && !ids.some((id) => model.isSpecialToken(id)))
      texts.push(model.detokenize(ids));
  }
  return { tokens, texts: texts.filter((text) => text.trim() !== "") };
}

export function chatJob(
  { model, wrapper, thought, info }: LoadedEngine,
  request: ChatRequest,
): Job {
  if (!info.capabilities.includes("chat"))
    throw new TroopError(
      "unsupported_parameter",
      `${info.name} has no chat template. Ask /v1/completions instead.`,
    );
  const { before, soFar } = textSoFar(request);
  if (soFar !== "" && !info.capabilities.includes("prefill"))
    throw new TroopError("unsupported_parameter", `${info.name} cannot continue a message.`, {
      param: "continue_final_message",
    });
  const { contextText, stopGenerationTriggers } = wrapper.generateContextState({
    chatHistory: chatHistory(before),
  });
  // Behind the template's own opening of the turn, byte for byte: a template would trim it, or close it.
  const said = soFar === "" ? [] : model.tokenize(soFar, false, "trimLeadingSpace");
  const { tokens, texts } = resolveTriggers(model, stopGenerationTriggers);
  const startsInside = thought ? contextText.toString().trimEnd().endsWith(thought.open) : false;
  return {
    prompt: [...contextText.tokenize(model.tokenizer), ...said],
    said,
    sampling: samplingOf(request),
    maxTokens: maxTokensOf(request),
    stopTokens: tokens,
    stopTexts: [...stopTextsOf(request), ...texts],
    thought: thought && { ...thought, startsInside },
  };
}

/** A completion continues the text as it stands: no template, no reasoning set apart. */
export function completionJob({ model }: LoadedEngine, request: CompletionRequest): Job {
  const text = typeof request.prompt === "string" ? request.prompt : request.prompt[0]!;
  const { bos, shouldPrependBosToken } = model.tokens;
  const tokens = model.tokenize(text);
  const prompt =
    bos !== null && (shouldPrependBosToken || tokens.length === 0) ? [bos, ...tokens] : tokens;
  if (prompt.length === 0)
    throw new TroopError("invalid_value", `"prompt" is empty`, { param: "prompt" });
  return {
    prompt,
    sampling: samplingOf(request),
    maxTokens: maxTokensOf(request),
    stopTokens: new Set(),
    stopTexts: stopTextsOf(request),
  };
}
