/**
 * A conversation in items as the one chat that a node understands. What a model said in one turn is several items
 * there and one message here: its thoughts, its words, its calls. Pure.
 */
import { chatAnswer, type ChatPart, chatContent, chatOutput } from "./chat-content.ts";
import type { InputMessage, Item, OutputItem } from "./items.ts";
import type { ResolvedRequest } from "./request.ts";
import { thoughtsOf } from "./thoughts.ts";
import { chatNameOf, localShell } from "./tools.ts";

interface ChatCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

interface AssistantMessage {
  role: "assistant";
  reasoning_content?: string;
  content: string | null;
  tool_calls?: ChatCall[];
}

export type ChatMessage =
  | AssistantMessage
  | { role: "system"; content: string }
  | { role: "user"; content: string | ChatPart[] }
  | { role: "tool"; tool_call_id: string; content: string };

/**
 * The chat form of a whole conversation: instructions, what was before, the input.
 * @param before items of earlier responses, the oldest first; their instructions do not count any more
 * @returns a candidate for `readRequest("/v1/chat/completions", …)`
 */
export function chatOf(request: ResolvedRequest, before: readonly Item[]): object {
  const { instructions } = request.settings.echo;
  const opening = typeof instructions === "string" && instructions !== "" ? [instructions] : [];
  return {
    ...request.settings.chat,
    messages: messagesOf(opening, [...before, ...request.input]),
  };
}

/**
 * Neighbours of one role are one message, and rules stand at the very beginning: templates of many models refuse
 * anything else.
 * @param opening what stands above everything
 */
export function messagesOf(opening: readonly string[], items: readonly Item[]): ChatMessage[] {
  const leading = leadingRules(items);
  const rules = [...opening, ...leading];
  const messages: ChatMessage[] =
    rules.length > 0 ? [{ role: "system", content: rules.join("\n\n") }] : [];
  /** What tools showed; behind the last of their messages, which must follow the calls without a break. */
  let shown: ChatPart[] = [];

  function hear(content: string | ChatPart[]): void {
    const last = messages.at(-1);
    if (last?.role === "user") last.content = joined(last.content, content);
    else messages.push({ role: "user", content });
  }
  function show(): void {
    if (shown.length > 0) hear(shown);
    shown = [];
  }
  function say(item: OutputItem): void {
    show();
    const last = messages.at(-1);
    if (last?.role === "assistant") return addTo(last, item);
    const turn: AssistantMessage = { role: "assistant", content: null };
    messages.push(turn);
    addTo(turn, item);
  }
  function answerCall(callId: string, output: Parameters<typeof chatOutput>[0]): void {
    const { text, images } = chatOutput(output);
    messages.push({ role: "tool", tool_call_id: callId, content: text });
    if (images.length > 0) shown.push({ type: "text", text: `Shown by ${callId}:` }, ...images);
  }

  for (const item of items.slice(leading.length)) {
    switch (item.type) {
      case "function_call_output":
      case "custom_tool_call_output":
        answerCall(item.call_id, item.output);
        break;
      case "local_shell_call_output":
        answerCall(item.id, item.output);
        break;
      case "message":
        if (item.role === "assistant") say(item);
        else {
          show();
          hear(heardAs(item));
        }
        break;
      default:
        say(item);
    }
  }
  show();
  for (const message of messages) if (message.role === "assistant") settle(message);
  return messages;
}

function joined(before: string | ChatPart[], after: string | ChatPart[]): string | ChatPart[] {
  if (typeof before === "string" && typeof after === "string") return `${before}\n\n${after}`;
  return [before, after].flatMap((content) =>
    typeof content === "string" ? [{ type: "text" as const, text: content }] : content,
  );
}

/** Rules that come later are put before the model by the user. */
function heardAs({ role, content }: InputMessage): string | ChatPart[] {
  const said = chatContent(content);
  if (role === "user") return said;
  const [before, after] = ["<system-reminder>\n", "\n</system-reminder>"];
  return typeof said === "string" ? before + said + after : joined(joined(before, said), after);
}

function leadingRules(items: readonly Item[]): string[] {
  const rules: string[] = [];
  for (const item of items) {
    if (item.type !== "message" || item.role === "assistant" || item.role === "user") break;
    const content = chatContent(item.content);
    if (typeof content !== "string") break;
    rules.push(content);
  }
  return rules;
}

/** Of what stood before and what comes now: two paragraphs, or the one that there is. */
const paragraphs = (before: string | null | undefined, now: string): string =>
  before ? `${before}\n\n${now}` : now;

function addTo(turn: AssistantMessage, item: OutputItem): void {
  switch (item.type) {
    case "reasoning": {
      const thoughts = thoughtsOf(item);
      if (thoughts !== "") turn.reasoning_content = paragraphs(turn.reasoning_content, thoughts);
      return;
    }
    case "message": {
      const text = chatAnswer(item.content);
      if (text !== "") turn.content = paragraphs(turn.content, text);
      return;
    }
    default:
      (turn.tool_calls ??= []).push(chatCall(item));
  }
}

function chatCall(item: Exclude<OutputItem, { type: "reasoning" | "message" }>): ChatCall {
  const form = (name: string, fields: string): ChatCall => ({
    id: item.call_id,
    type: "function",
    function: { name, arguments: fields },
  });
  switch (item.type) {
    case "function_call":
      return form(chatNameOf(item.name, item.namespace), item.arguments);
    case "custom_tool_call":
      return form(chatNameOf(item.name, item.namespace), JSON.stringify({ input: item.input }));
    case "local_shell_call": {
      const { command, env, timeout_ms, working_directory } = item.action;
      const action = {
        command,
        ...(working_directory ? { working_directory } : {}),
        ...(timeout_ms ? { timeout_ms } : {}),
        ...(Object.keys(env).length > 0 ? { env } : {}),
      };
      return form(localShell, JSON.stringify(action));
    }
    default:
      return item satisfies never;
  }
}

/** A model that only thought has said nothing: templates want that in so many words. */
function settle(message: AssistantMessage): void {
  if (message.tool_calls === undefined) message.content ??= "";
}
