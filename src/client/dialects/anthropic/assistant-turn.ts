/** What an assistant has thought, said and called, as one message of a chat. Pure. */
import type { Placed } from "./blocks-to-chat.ts";
import type { AssistantMessage, ChatCall } from "./chat-message.ts";
import type { KnownBlock } from "./request.ts";

export function assistantMessage(
  placed: readonly Placed<KnownBlock>[],
  ignored: Set<string>,
): AssistantMessage {
  let text = "";
  const thoughts: string[] = [];
  const calls: ChatCall[] = [];
  for (const { block } of placed) {
    if (block.type === "thinking") thoughts.push(block.thinking);
    else if (block.type === "tool_use") calls.push(callOf(block));
    // As it was said: what we tell in several blocks was one text.
    else if (block.type === "text") text += block.text;
    else ignored.add(`messages.content.${block.type}`);
  }
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    ...(thoughts.length > 0 ? { reasoning_content: thoughts.join("\n") } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

const callOf = ({ id, name, input }: { id: string; name: string; input?: unknown }): ChatCall => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(isObject(input) ? input : { arguments: input }) },
});

/** What else a model may have said where arguments belong goes back within an object: engines refuse to read it bare. */
const isObject = (input: unknown): boolean =>
  typeof input === "object" && input !== null && !Array.isArray(input);
