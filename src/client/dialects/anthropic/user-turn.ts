/** What a user says, and what tools have answered, as messages of a chat. Pure. */
import { chatParts, type Placed, readBlocks } from "./blocks-to-chat.ts";
import {
  type ChatMessage,
  type ChatPart,
  textOf,
  textPart,
  type ToolMessage,
} from "./chat-message.ts";
import type { KnownBlock, ToolResult } from "./request.ts";

const isReminder = ({ block }: Placed<KnownBlock>): boolean =>
  block.type === "text" && block.text.startsWith("<system-reminder>");

/** @throws TroopError `invalid_value` for what only an assistant says, and for what no engine takes */
export function userMessages(
  placed: readonly Placed<KnownBlock>[],
  ignored: Set<string>,
): ChatMessage[] {
  const results: ToolMessage[] = [];
  const images: ChatPart[] = [];
  for (const { block, where } of placed) {
    if (block.type !== "tool_result") continue;
    const parts = resultParts(block, where, ignored);
    results.push({
      role: "tool",
      tool_call_id: block.tool_use_id,
      content: resultText(block, parts),
    });
    // What a tool shows is shown by the user: engines take images from nobody else.
    const shown = parts.filter(({ type }) => type !== "text");
    if (shown.length > 0) images.push(textPart(`Shown by ${block.tool_use_id}:`));
    for (const part of shown) images.push(part);
  }
  const last = results.at(-1);
  const own = placed.filter(({ block }) => block.type !== "tool_result");
  const [reminders, said] = last ? divide(own, isReminder) : [[], own];
  const textsOf = (some: typeof own) => some.flatMap((each) => chatParts(each, ignored));
  // Mistral's models take no word of the user right behind a tool's, and there Claude Code puts its reminders.
  if (last) last.content = [last.content, textOf(textsOf(reminders))].filter(Boolean).join("\n\n");
  const parts = [...images, ...textsOf(said)];
  // Answers to tool calls come before all else, since they belong to the message before.
  return parts.length > 0 ? [...results, { role: "user", content: simplified(parts) }] : results;
}

function divide<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  const { yes = [], no = [] } = Object.groupBy(items, (item) => (isFirst(item) ? "yes" : "no"));
  return [yes, no];
}

const resultParts = ({ content }: ToolResult, where: string, ignored: Set<string>): ChatPart[] =>
  readBlocks(content ?? "", `${where}.content`, ignored, "named").flatMap((placed) =>
    chatParts(placed, ignored),
  );

function resultText({ is_error }: ToolResult, parts: readonly ChatPart[]): string {
  const text = textOf(parts);
  // A chat has no other place for it.
  return is_error ? `Error: ${text}` : text;
}

/** One string wherever it is only text: templates of some models take nothing else. */
const simplified = (parts: ChatPart[]): string | ChatPart[] =>
  parts.every(({ type }) => type === "text") ? textOf(parts) : parts;
