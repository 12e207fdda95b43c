/** Tells an answer as Anthropic's Messages API does: in its streamed events, or as one message. Pure. */
import type {
  Message,
  MessageDeltaUsage,
  RawMessageStreamEvent,
  StopReason,
} from "@anthropic-ai/sdk/resources/messages";
import { z } from "zod";
import { namedEvents, type WireForm } from "../../http/event-stream.ts";
import type { FinishReason, Usage } from "../answer-shape.ts";
import type { Teller } from "../teller.ts";
import { anthropicError, type AnthropicError } from "./error.ts";
import { createMessageBlocks } from "./message-blocks.ts";

export type MessagesEvent = RawMessageStreamEvent | AnthropicError;

export interface MessageIdentity {
  id: string;
  model: string;
  /** Told at the beginning, when no engine has counted yet; the end has the engine's own count. */
  estimatedTokens: number;
}

/** Its own way to say that it is still there, which some of its applications count and comments they do not. */
export const messagesWire: WireForm<MessagesEvent> = {
  ...namedEvents,
  keepAlive: () => namedEvents.format({ type: "ping" }),
};

export function createMessagesTeller(identity: MessageIdentity): Teller<MessagesEvent> {
  const blocks = createMessageBlocks();
  const begun = messageOf(identity);
  let hasBegun = false;
  let hasRefused = false;
  let ending: Pick<Message, "stop_reason" | "stop_details"> & { usage: MessageDeltaUsage };

  function begin(): MessagesEvent[] {
    if (hasBegun) return [];
    hasBegun = true;
    return [{ type: "message_start", message: begun }];
  }

  return {
    add({ choices: [choice] }) {
      hasRefused ||= !!choice?.delta.refusal;
      return [...begin(), ...blocks.add(choice?.delta ?? {})];
    },
    end({ reason, usage }) {
      const opening = begin();
      const closing = blocks.end();
      const stop_reason = hasRefused && reason === "stop" ? "refusal" : stopReasons[reason];
      const stop_details =
        stop_reason === "refusal"
          ? ({ type: "refusal", category: null, explanation: null } as const)
          : null;
      ending = { stop_reason, stop_details, usage: usageOf(usage) };
      return [
        ...opening,
        ...closing,
        {
          type: "message_delta",
          delta: { container: null, stop_details, stop_reason, stop_sequence: null },
          usage: ending.usage,
        },
        { type: "message_stop" },
      ];
    },
    fail: (error, requestId) => [anthropicError(error, requestId)],
    whole() {
      const { stop_reason, stop_details, usage } = ending;
      const { input_tokens, ...others } = usage;
      const counted = { ...begun.usage, ...others, input_tokens: input_tokens ?? 0 };
      return {
        ...begun,
        content: blocks.whole(),
        ...{ stop_reason, stop_details, usage: counted },
      } satisfies Message;
    },
  };
}

/** Which of the stop sequences ended a text no engine says in a way that all have: it counts as the model's own end. */
const stopReasons = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
} as const satisfies Record<FinishReason, StopReason>;

const messageOf = ({ id, model, estimatedTokens }: MessageIdentity): Message => ({
  ...{ id, type: "message", role: "assistant", model, content: [] },
  ...{ stop_reason: null, stop_sequence: null, stop_details: null },
  ...{ container: null, diagnostics: null },
  usage: {
    ...{ input_tokens: estimatedTokens, output_tokens: 0, output_tokens_details: null },
    ...{ cache_creation_input_tokens: 0, cache_read_input_tokens: 0, cache_creation: null },
    ...{ server_tool_use: null, service_tier: null, inference_geo: null, speed: null },
  },
});

const count = z.int().nonnegative();
const details = z.object({
  prompt_tokens_details: z.object({ cached_tokens: count }).optional().catch(undefined),
  completion_tokens_details: z.object({ reasoning_tokens: count }).optional().catch(undefined),
});

/** What an engine found in its cache is counted apart here, and within the prompt there. */
function usageOf(usage: Usage): MessageDeltaUsage {
  const { prompt_tokens_details, completion_tokens_details } = details.parse(usage);
  const cached = Math.min(prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens);
  const thinking_tokens = completion_tokens_details?.reasoning_tokens;
  return {
    input_tokens: usage.prompt_tokens - cached,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: 0,
    output_tokens: usage.completion_tokens ?? 0,
    output_tokens_details: thinking_tokens === undefined ? null : { thinking_tokens },
    server_tool_use: null,
  };
}
