/** Tools, and which of them is to be called, as a chat has them. Pure. */
import { offeredTools } from "./offered-tools.ts";
import type { MessagesRequest, Tool } from "./request.ts";

type ToolChoice = NonNullable<MessagesRequest["tool_choice"]>;

/**
 * Only tools that say what they take can be given to an engine. Those that run at Anthropic, or that its models were
 * trained on, are dropped and named: `tools.web_search_20250305`.
 */
export function chatTools(
  asked: Pick<MessagesRequest, "tools" | "messages" | "tool_choice">,
  ignored: Set<string>,
): object {
  const { tool_choice: choice } = asked;
  const taken = offeredTools(asked).flatMap((tool) => chatTool(tool, ignored));
  if (taken.length === 0) return {};
  const has = (name: string) => taken.some((tool) => tool.function.name === name);
  const isChoosable = choice && (choice.type !== "tool" || has(choice.name));
  const isParallelOff = choice && choice.type !== "none" && choice.disable_parallel_tool_use;
  return {
    tools: taken,
    ...(isChoosable ? { tool_choice: chatChoice(choice) } : {}),
    ...(isParallelOff ? { parallel_tool_calls: false } : {}),
  };
}

function chatTool(
  { type, name, description, input_schema, strict, defer_loading: _heeded, ...rest }: Tool,
  ignored: Set<string>,
) {
  if (!input_schema || !name) {
    ignored.add(`tools.${type ?? name ?? "unknown"}`);
    return [];
  }
  for (const key of Object.keys(rest)) ignored.add(`tools.${key}`);
  return [
    {
      type: "function" as const,
      function: {
        name,
        ...(description ? { description } : {}),
        parameters: input_schema,
        ...(strict ? { strict } : {}),
      },
    },
  ];
}

function chatChoice(choice: ToolChoice) {
  switch (choice.type) {
    case "auto":
    case "none":
      return choice.type;
    case "any":
      return "required";
    case "tool":
      return { type: "function", function: { name: choice.name } };
    default:
      return choice satisfies never;
  }
}
