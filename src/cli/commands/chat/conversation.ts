/** A conversation, and what a line typed into it means. Pure. */

import type { Message } from "../../stream-answer.ts";

export interface Conversation {
  model: string;
  /** Empty: none. */
  system: string;
  /** In turns, the person's first. */
  turns: readonly Message[];
}

export const startConversation = (model: string, system = ""): Conversation => ({
  ...{ model, system, turns: [] },
});

export const messagesOf = ({ system, turns }: Conversation): Message[] => [
  ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
  ...turns,
];

export const withTurn = (talk: Conversation, role: "user" | "assistant", content: string) => ({
  ...talk,
  turns: [...talk.turns, { role, content }],
});

/** Less the last question and its answer. @returns the question, where there was one */
export function withoutLast(talk: Conversation): {
  talk: Conversation;
  question: string | undefined;
} {
  const last = talk.turns.findLastIndex(({ role }) => role === "user");
  if (last < 0) return { talk, question: undefined };
  return {
    talk: { ...talk, turns: talk.turns.slice(0, last) },
    question: talk.turns[last]!.content,
  };
}

/** Each with what it does. */
export const slashCommands = {
  help: "these commands",
  model: "ask another model: /model qwen3:8b; alone: which one is asked",
  models: "what is on offer",
  system: "what the model is told to be: /system You are terse.; alone: nothing",
  retry: "the last question again",
  undo: "forget the last question and its answer",
  clear: "begin anew",
  save: "write the conversation to a file: /save talk.md",
  quit: "end (Ctrl-D too)",
} as const;
export type SlashCommand = keyof typeof slashCommands;

export type Typed =
  | { kind: "nothing" }
  | { kind: "question"; text: string }
  | { kind: "command"; name: SlashCommand; rest: string }
  | { kind: "unknown"; name: string };

/** A question that begins with a slash is typed with two. */
export function readTyped(line: string): Typed {
  const text = line.trim();
  if (text === "") return { kind: "nothing" };
  if (text.startsWith("//")) return { kind: "question", text: text.slice(1) };
  if (!text.startsWith("/")) return { kind: "question", text };
  const [, name = "", rest = ""] = /^\/(\S*)\s*([^]*)$/.exec(text) ?? [];
  return Object.hasOwn(slashCommands, name)
    ? { kind: "command", name: name as SlashCommand, rest }
    : { kind: "unknown", name };
}

/** As Markdown. */
export const transcriptOf = ({ model, system, turns }: Conversation): string =>
  [
    `# A conversation with ${model}`,
    ...(system === "" ? [] : [`> ${system}`]),
    ...turns.map(({ role, content }) => `**${role === "user" ? "You" : model}:**\n\n${content}`),
  ].join("\n\n") + "\n";
