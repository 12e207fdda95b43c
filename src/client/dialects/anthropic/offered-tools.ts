/** The tools that a conversation has come to: some wait until a search has found them, some come and go on its way. Pure. */
import type { z } from "zod";
import { type Block, blocks, type Content, type MessagesRequest, type Tool } from "./request.ts";

type Change = z.infer<typeof blocks.tool_addition | typeof blocks.tool_removal>;

/**
 * Claude Code keeps tools back, those of MCP servers first of all, until its own search refers to them: all of them
 * would fill a small context. What is found stands behind the rest, so that engines have that in their cache still.
 */
export function offeredTools({
  tools,
  messages,
  tool_choice: choice,
}: Pick<MessagesRequest, "tools" | "messages" | "tool_choice">): Tool[] {
  const all = new Map((tools ?? []).map((tool) => [tool.name ?? tool, tool]));
  // A search that runs at Anthropic finds nothing here: then none must wait for it.
  const isSearchedHere =
    !tools?.some(({ type }) => type?.startsWith("tool_search_tool_")) &&
    tools?.some(({ defer_loading }) => !defer_loading);
  const offered = new Map(
    [...all].filter(([, { defer_loading }]) => !(isSearchedHere && defer_loading)),
  );
  for (const { content } of messages)
    for (const { type, tool } of changesIn(content)) {
      const name = tool.type === "tool_reference" ? tool.name : (tool.definition.name ?? tool);
      if (tool.type === "tool_definition") all.set(name, tool.definition);
      const meant = all.get(name);
      if (type === "tool_removal") offered.delete(name);
      else if (meant) offered.set(name, meant);
    }
  const chosen = choice?.type === "tool" ? all.get(choice.name) : undefined;
  if (choice?.type === "tool" && chosen) offered.set(choice.name, chosen);
  return [...offered.values()];
}

/** What is no such change, or a broken one, is judged where the conversation itself is read. */
const changesIn = (content: Content): Change[] =>
  typeof content === "string" ? [] : content.flatMap(changesOf);

function changesOf(block: Block): Change[] {
  switch (block.type) {
    case "tool_addition":
    case "tool_removal": {
      const { data } = blocks[block.type].safeParse(block);
      return data ? [data] : [];
    }
    case "tool_reference": {
      const { data } = blocks.tool_reference.safeParse(block);
      const tool = data && { type: data.type, name: data.tool_name };
      return tool ? [{ type: "tool_addition", tool }] : [];
    }
    // It was found once, though what found it may have been cut from the conversation.
    case "tool_use": {
      const { data } = blocks.tool_use.safeParse(block);
      const tool = data && { type: "tool_reference" as const, name: data.name };
      return tool ? [{ type: "tool_addition", tool }] : [];
    }
    case "tool_result":
      return changesIn(blocks.tool_result.safeParse(block).data?.content ?? "");
    default:
      return [];
  }
}
