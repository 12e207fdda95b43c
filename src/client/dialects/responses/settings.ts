/** What a request settles for its response: the fields that the resource repeats, and what the chat needs of them. */
import type { ResponseResource } from "./items.ts";
import type { OfferedTool } from "./tools.ts";

/** Members of the resource that are known before anything is generated. */
export type Echo = Pick<
  ResponseResource,
  | "access_programs"
  | "background"
  | "instructions"
  | "max_output_tokens"
  | "max_tool_calls"
  | "metadata"
  | "model"
  | "parallel_tool_calls"
  | "previous_response_id"
  | "prompt_cache_key"
  | "reasoning"
  | "safety_identifier"
  | "service_tier"
  | "temperature"
  | "text"
  | "tool_choice"
  | "tools"
  | "top_logprobs"
  | "top_p"
  | "truncation"
  | "user"
>;

export interface ResponseSettings {
  echo: Echo;
  /** The chat's fields, all but its messages. */
  chat: Readonly<Record<string, unknown>>;
  /** How calls are told back. */
  offered: OfferedTool[];
  /** Thoughts are told as what they are, or as a summary of themselves to an application that asked for one. */
  thoughtsAs: "content" | "summary";
  /** Whether thoughts travel in `encrypted_content` too, so that an application without state can send them back. */
  packsThoughts: boolean;
}
