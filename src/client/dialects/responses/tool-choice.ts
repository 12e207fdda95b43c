/** Which tools a model may or must call. Pure. */
import { z } from "zod";
import type { Echo } from "./settings.ts";
import { invalid, isObject, noteUnknown, parse } from "./refusal.ts";
import { chatNameOf, type ChatTool, localShell, type Tools } from "./tools.ts";

type Choice = Echo["tool_choice"];

export interface ToolChoice {
  echo: Choice;
  /** Undefined where the engine's own default will do. */
  chat: "none" | "auto" | "required" | { type: "function"; function: { name: string } } | undefined;
  /** Those that the model is told of. */
  tools: ChatTool[];
}

const named = z.object({
  type: z.enum(["function", "custom"]),
  name: z.string(),
  namespace: z.string().nullish(),
});
const allowed = z.object({
  type: z.literal("allowed_tools"),
  mode: z.enum(["auto", "required"]),
  tools: z.array(z.record(z.string(), z.unknown())).max(1_024),
});

/** @throws TroopError for a tool that is not among the tools */
export function readToolChoice(value: unknown, tools: Tools, ignored: Set<string>): ToolChoice {
  const undecided: ToolChoice = { echo: "auto", chat: undefined, tools: tools.chat };
  if (value === undefined || value === null) return undecided;
  if (value === "none" || value === "auto" || value === "required")
    return { echo: value, chat: value, tools: tools.chat };
  if (!isObject(value)) throw invalid("tool_choice", "expected none, auto, required or an object.");
  switch (value["type"]) {
    case "function":
    case "custom": {
      const { type, name, namespace } = parse(named, value, "tool_choice", ignored);
      const chatName = chatNameOf(name, namespace);
      requireOffered(chatName, tools, "tool_choice.name");
      return {
        echo: { type, name },
        chat: { type: "function", function: { name: chatName } },
        tools: tools.chat,
      };
    }
    case localShell:
      requireOffered(localShell, tools, "tool_choice.type");
      return {
        // The published resource has no word for it.
        echo: "required",
        chat: { type: "function", function: { name: localShell } },
        tools: tools.chat,
      };
    case "allowed_tools": {
      const choice = parse(allowed, value, "tool_choice", ignored);
      const names = new Set(choice.tools.map(nameOfReference));
      const among = tools.chat.filter(({ function: { name } }) => names.has(name));
      if (among.length === 0) throw invalid("tool_choice.tools", "none of them is in `tools`.");
      return { echo: choice, chat: choice.mode, tools: among };
    }
    default:
      // Somebody else's tool to run.
      noteUnknown(ignored, "tool_choice", value["type"]);
      return undecided;
  }
}

function nameOfReference({ type, name, namespace }: Record<string, unknown>): string {
  if (type === localShell) return localShell;
  return typeof name === "string"
    ? chatNameOf(name, typeof namespace === "string" ? namespace : undefined)
    : "";
}

function requireOffered(chatName: string, { offered }: Tools, param: string): void {
  if (!offered.some((tool) => tool.chatName === chatName))
    throw invalid(param, "there is no such tool in `tools`.");
}
