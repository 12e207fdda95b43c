/**
 * Names that OpenTelemetry's semantic conventions for generative AI give to spans and attributes, 1.41 (development). All
 * of them are here, since they still change. Those that would hold content (`gen_ai.input.messages`,
 * `gen_ai.output.messages`, `gen_ai.system_instructions`, `gen_ai.tool.definitions`) are left out, and so are settings of a
 * request that its author alone knows.
 */
import type { Capability } from "../../protocol/node.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { SpanOf } from "./call.ts";
import type { Attributes } from "./tracing.ts";

const operations = {
  chat: "chat",
  prefill: "chat",
  completion: "text_completion",
  embedding: "embeddings",
} as const satisfies Partial<Record<Capability, string>>;

/** A request to a model. @param provider who answers: the network, or an engine by its type */
export function modelSpan(
  capability: Capability | undefined,
  model: string,
  provider: string,
): SpanOf {
  const operation = operations[capability as keyof typeof operations] ?? "chat";
  return {
    name: `${operation} ${model}`,
    kind: "client",
    attributes: {
      "gen_ai.operation.name": operation,
      "gen_ai.provider.name": provider,
      "gen_ai.request.model": model,
    },
  };
}

/** What came of it. */
export const usage = (
  used: Pick<Line, "prompt_tokens" | "completion_tokens">,
  finish: string | undefined,
): Attributes => ({
  "gen_ai.usage.input_tokens": used.prompt_tokens,
  "gen_ai.usage.output_tokens": used.completion_tokens,
  ...(finish === undefined ? {} : { "gen_ai.response.finish_reasons": [finish] }),
});
