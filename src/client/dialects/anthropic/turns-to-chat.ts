/** A conversation as Anthropic's API has it, in turns, as the messages of a chat. Pure. */
import { assistantMessage } from "./assistant-turn.ts";
import { type Placed, readBlocks } from "./blocks-to-chat.ts";
import type { ChatMessage } from "./chat-message.ts";
import type { Content, KnownBlock, MessagesRequest } from "./request.ts";
import { userMessages } from "./user-turn.ts";

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
    // One by one: as many as a request may hold are too many to be arguments.
    if (last?.role === speaker) for (const block of blocks) last.blocks.push(block);
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
