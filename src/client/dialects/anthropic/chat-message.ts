/** The messages of a chat, as far as a conversation of Anthropic's API needs them. */

export type ChatPart =
  { type: "text"; text: string } | { type: "image_url"; image_url: { url: string } };

export interface ChatCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

export interface ToolMessage {
  role: "tool";
  tool_call_id: string;
  content: string;
}

export interface AssistantMessage {
  role: "assistant";
  content: string | null;
  reasoning_content?: string;
  tool_calls?: ChatCall[];
}

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string | ChatPart[] }
  | AssistantMessage
  | ToolMessage;

export const textPart = (text: string): ChatPart => ({ type: "text", text });

/** The texts of it, a line each. */
export const textOf = (parts: readonly ChatPart[]): string =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
