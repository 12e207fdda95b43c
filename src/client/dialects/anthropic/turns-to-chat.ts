/** A conversation as Anthropic's API has it, in turns, as the messages of a chat. Pure. */
import { type ChatPart, chatParts, type Placed, readBlocks, textPart } from "./blocks-to-chat.ts";
import type { Content, KnownBlock, MessagesRequest, ToolResult } from "./request.ts";

interface ChatCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string | ChatPart[] }
  | {
      role: "assistant";
      content: string | null;
      reasoning_content?: string;
      tool_calls?: ChatCall[];
    }
  | { role: "tool"; tool_call_id: string; content: string };

interface Turn {
  role: "user" | "assistant";
  blocks: Placed<KnownBlock>[];
}

/** @throws TroopError `invalid_value` with the parameter as Anthropic's API names it */
export function chatMessages(
  { system, messages }: Pick<MessagesRequest, "system" | "messages">,
  ignored: Set<string>,
): ChatMessage[] {
  // Before the first turn a system message is but more of the prompt.
  const begin = messages.findIndex(({ role }) => role !== "system");
  const before = messages.slice(0, begin < 0 ? messages.length : begin);
  const prompt = [
    ...(system ? systemTexts(system, "system", ignored) : []),
    ...before.flatMap(({ content }, index) =>
      systemTexts(content, `messages.${index}.content`, ignored),
    ),
  ].join("\n\n");
  const turns = turnsOf(messages, before.length, ignored);
  return [
    ...(prompt === "" ? [] : [{ role: "system" as const, content: prompt }]),
    ...turns.flatMap(({ role, blocks }) =>
      role === "user" ? userMessages(blocks, ignored) : [assistantMessage(blocks, ignored)],
    ),
  ];
}

/**
 * Claude Code begins its prompt with a line for Anthropic's accounting, another one in each request: with it no engine
 * would find the rest of the prompt, some 20,000 tokens, in its cache.
 */
const accounting = /^x-anthropic-billing-header:[^\n]*\n?/;

const systemTexts = (content: Content, where: string, ignored: Set<string>): string[] =>
  readBlocks(content, where, ignored, "named")
    .flatMap(({ block }) => (block.type === "text" ? [block.text.replace(accounting, "")] : []))
    .filter((text) => text !== "");

/** Neighbours of one role are one turn, as Anthropic's API has it: templates of many models refuse two in a row. */
function turnsOf(
  messages: MessagesRequest["messages"],
  from: number,
  ignored: Set<string>,
): Turn[] {
  const turns: Turn[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (index < from) continue;
    const where = `messages.${index}.content`;
    const blocks =
      role === "system"
        ? reminder(content, where, ignored)
        : readBlocks(content, where, ignored, role === "user" ? "refused" : "named");
    const speaker = role === "assistant" ? role : "user";
    const last = turns.at(-1);
    if (last?.role === speaker) last.blocks.push(...blocks);
    else turns.push({ role: speaker, blocks });
  }
  return turns;
}

/** Later on it is put before the model by the user: templates of many models have a system message first or not at all. */
function reminder(content: Content, where: string, ignored: Set<string>): Placed<KnownBlock>[] {
  const said = systemTexts(content, where, ignored).join("\n\n");
  const text = `<system-reminder>\n${said}\n</system-reminder>`;
  return said === "" ? [] : [{ block: { type: "text", text }, where }];
}

function userMessages(placed: readonly Placed<KnownBlock>[], ignored: Set<string>): ChatMessage[] {
  const results: ChatMessage[] = [];
  const images: ChatPart[] = [];
  const own: ChatPart[] = [];
  for (const { block, where } of placed) {
    if (block.type !== "tool_result") {
      own.push(...chatParts({ block, where }, ignored));
      continue;
    }
    const parts = resultParts(block, where, ignored);
    results.push({
      role: "tool",
      tool_call_id: block.tool_use_id,
      content: resultText(block, parts),
    });
    // What a tool shows is shown by the user: engines take images from nobody else.
    const shown = parts.filter(({ type }) => type !== "text");
    if (shown.length > 0) images.push(textPart(`Shown by ${block.tool_use_id}:`), ...shown);
  }
  const parts = [...images, ...own];
  // Answers to tool calls come before all else, since they belong to the message before.
  return parts.length > 0 ? [...results, { role: "user", content: simplified(parts) }] : results;
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

const textOf = (parts: readonly ChatPart[]): string =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");

/** One string wherever it is only text: templates of some models take nothing else. */
const simplified = (parts: ChatPart[]): string | ChatPart[] =>
  parts.every(({ type }) => type === "text") ? textOf(parts) : parts;

function assistantMessage(
  placed: readonly Placed<KnownBlock>[],
  ignored: Set<string>,
): ChatMessage {
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
