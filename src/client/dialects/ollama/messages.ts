/** Conversations as Ollama's API has them, in OpenAI's form. Pure. */
import { z } from "zod";
import { imageUrlOf } from "./image.ts";

const text = z.string().nullish();

const messageSchema = z.object({
  role: z.string(),
  content: text,
  thinking: text,
  images: z.array(z.string()).nullish(),
  tool_calls: z
    .array(
      z.object({
        id: text,
        type: text,
        function: z.object({
          index: z.int().nullish(),
          name: z.string(),
          arguments: z.record(z.string(), z.unknown()).nullish(),
        }),
      }),
    )
    .nullish(),
  tool_name: text,
  tool_call_id: text,
});
export const messagesSchema = z.array(messageSchema);
type Message = z.infer<typeof messageSchema>;
type ToolCall = NonNullable<Message["tool_calls"]>[number];

interface OpenCall {
  id: string;
  name: string;
}

/** @throws TroopError `invalid_value` for an image that is none */
export function chatMessagesOf(messages: readonly Message[]): object[] {
  const calls = createCallIds();
  return messages.map((message, at) => {
    const { role, thinking, tool_calls, tool_name } = message;
    return {
      role,
      content: contentOf(message, `messages.${at}.images`),
      ...(thinking ? { reasoning_content: thinking } : {}),
      ...(tool_calls?.length ? { tool_calls: calls.open(tool_calls) } : {}),
      ...(role === "tool" ? { tool_call_id: calls.answer(message) } : {}),
      ...(role === "tool" && tool_name ? { name: tool_name } : {}),
    };
  });
}

/** @param param where the images stand in the request */
export function contentOf(
  { content, images }: Pick<Message, "content" | "images">,
  param: string,
): string | object[] {
  if (!images?.length) return content ?? "";
  return [
    ...(content ? [{ type: "text", text: content }] : []),
    ...images.map((data, at) => ({
      type: "image_url",
      image_url: { url: imageUrlOf(data, `${param}.${at}`) },
    })),
  ];
}

/**
 * Ollama's calls need no ids, and results name the tool; engines tell them apart by ids. A result belongs to the
 * first call of its tool that has none yet.
 */
function createCallIds() {
  let count = 0;
  let open: OpenCall[] = [];
  const nextId = () => `call_${(count += 1)}`;

  return {
    open(calls: readonly ToolCall[]): object[] {
      const named = calls.map((call) => ({ ...call, id: call.id || nextId() }));
      open = named.map(({ id, function: { name } }) => ({ id, name }));
      return named.map(({ id, function: { name, arguments: args } }) => ({
        id,
        type: "function",
        function: { name, arguments: JSON.stringify(args ?? {}) },
      }));
    },
    answer({ tool_call_id, tool_name }: Message): string {
      const isMeant = ({ id, name }: OpenCall) =>
        tool_call_id ? id === tool_call_id : name === tool_name;
      const meant = open.find(isMeant) ?? (tool_call_id ? undefined : open[0]);
      open = open.filter((call) => call !== meant);
      return tool_call_id || meant?.id || nextId();
    },
  };
}
