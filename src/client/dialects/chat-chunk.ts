/** One chunk of a streamed chat completion, as it leaves for the application. */
import type { FinishReason, Identity } from "./answer-shape.ts";
import type { ToolDelta } from "./tool-calls.ts";

export interface ChatDelta {
  role?: "assistant";
  content?: string;
  refusal?: string;
  reasoning_content?: string;
  tool_calls?: ToolDelta[];
}

export interface ChatChunk extends Identity {
  object: "chat.completion.chunk";
  choices: {
    index: 0;
    delta: ChatDelta;
    logprobs?: unknown;
    finish_reason: FinishReason | null;
  }[];
}
