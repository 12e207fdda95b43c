/** The OpenAI requests that the built-in engine understands. What it cannot do is refused, what it does not know ignored. */
import { z } from "zod";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { ChatItem, Sampling } from "./binding.ts";

/** llama-server's own defaults, so that a model answers the same here as there. */
const defaults = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 };

const mostStops = 16;

const shared = {
  model: z.string().optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).max(1_000_000).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(mostStops)]).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  repeat_penalty: z.number().min(0).max(2).nullish(),
  n: z.literal(1, { error: "only one answer can be computed" }).nullish(),
  logprobs: z.union([z.literal(false), z.literal(0)], { error: "is not supported" }).nullish(),
};

const part = z.looseObject({ type: z.literal("text"), text: z.string() });

const chatRequest = z.looseObject({
  ...shared,
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["system", "developer", "user", "assistant"]),
        content: z.union([z.string(), z.array(part)]).nullish(),
        tool_calls: z.array(z.never()).nullish(),
      }),
    )
    .min(1),
  tools: z.array(z.never(), { error: "is not supported" }).max(0).nullish(),
  response_format: z.looseObject({ type: z.literal("text") }).nullish(),
  continue_final_message: z.boolean().nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

const completionRequest = z.looseObject({
  ...shared,
  prompt: z.union([z.string(), z.array(z.string()).length(1)]),
});
export type CompletionRequest = z.infer<typeof completionRequest>;

const embeddingRequest = z.looseObject({
  model: z.string().optional(),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(2_048)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
});
export type EmbeddingRequest = z.infer<typeof embeddingRequest>;

/** Fields of which any other value than ours is a wish that this engine cannot fulfil, not a mistake. */
const capabilityFields = new Set(["tools", "response_format", "n", "logprobs", "tool_calls"]);

function parse<Shape extends z.ZodType>(schema: Shape, body: unknown): z.infer<Shape> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const param = issue.path.join(".");
  const isWish =
    issue.path.some((step) => capabilityFields.has(String(step))) || param.startsWith("messages.");
  throw isWish
    ? new TroopError(
        "unsupported_parameter",
        `The built-in engine takes text messages only and does not support this value of "${param}".`,
        { param },
      )
    : new TroopError("invalid_value", `"${param}": ${issue.message}`, { param });
}

export const parseChat = (body: unknown): ChatRequest => parse(chatRequest, body);
export const parseCompletion = (body: unknown): CompletionRequest => parse(completionRequest, body);
export const parseEmbedding = (body: unknown): EmbeddingRequest => parse(embeddingRequest, body);

/** What is to be continued apart from what comes before it: "" where the answer is to be begun. */
export function textSoFar({ messages, continue_final_message }: ChatRequest) {
  if (!continue_final_message) return { before: messages, soFar: "" };
  const { role, content } = messages.at(-1)!;
  if (role !== "assistant" || typeof content !== "string")
    throw new TroopError("invalid_value", "only a text of the assistant can be continued", {
      param: "continue_final_message",
    });
  return { before: messages.slice(0, -1), soFar: content };
}

/** The conversation as the template wants it, ending with the answer to be written (or continued). */
export function chatHistory(messages: ChatRequest["messages"]): ChatItem[] {
  const history = messages.map(({ role, content }): ChatItem => {
    const text =
      typeof content === "string" ? content : (content ?? []).map((item) => item.text).join("");
    if (role === "assistant") return { type: "model", response: [text] };
    return { type: role === "user" ? "user" : "system", text };
  });
  if (history.at(-1)!.type !== "model") history.push({ type: "model", response: [] });
  return history;
}

export function samplingOf(request: ChatRequest | CompletionRequest): Sampling {
  const { frequency_penalty, presence_penalty, repeat_penalty } = request;
  const penalized = Boolean(frequency_penalty || presence_penalty || repeat_penalty);
  return {
    temperature: request.temperature ?? defaults.temperature,
    topK: request.top_k ?? defaults.topK,
    topP: request.top_p ?? defaults.topP,
    minP: request.min_p ?? defaults.minP,
    ...(typeof request.seed === "number" && { seed: Math.abs(request.seed) % 0xffff_ffff }),
    ...(penalized && {
      repeatPenalty: {
        punishTokens: () => [],
        penalty: repeat_penalty ?? 1,
        frequencyPenalty: frequency_penalty ?? 0,
        presencePenalty: presence_penalty ?? 0,
      },
    }),
  };
}

export const stopTextsOf = ({ stop }: ChatRequest | CompletionRequest): string[] =>
  typeof stop === "string" ? [stop] : (stop ?? []);

export const maxTokensOf = (request: ChatRequest | CompletionRequest): number =>
  request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
