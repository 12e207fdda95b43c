/** What stands in a turn, block by block, as the texts, images and tool calls of a chat. Pure. */
import type { z } from "zod";
import { invalid, readPart } from "../read-part.ts";
import { type ChatPart, textPart } from "./chat-message.ts";
import {
  type Block,
  blocks,
  type Content,
  type Document,
  type Image,
  type KnownBlock,
} from "./request.ts";

/** A block and its path. */
export interface Placed<Kind> {
  block: Kind;
  where: string;
}

/**
 * @param others what becomes of kinds that no engine takes: the question of a user would be another one without them
 * @throws TroopError `invalid_value`
 */
export function readBlocks(
  content: Content,
  where: string,
  ignored: Set<string>,
  others: "named" | "refused",
): Placed<KnownBlock>[] {
  if (typeof content === "string") return [{ block: { type: "text", text: content }, where }];
  return content.flatMap((block, index) => {
    const at = `${where}.${index}`;
    const schema = schemaOf(block);
    if (schema) return [{ block: readPart(schema, block, at, ignored), where: at }];
    if (others === "refused")
      throw invalid(`${at}.type`, "no engine here takes blocks of this kind");
    ignored.add(`messages.content.${block.type}`);
    return [];
  });
}

const schemaOf = ({ type }: Block): z.ZodType<KnownBlock> | undefined =>
  Object.hasOwn(blocks, type) ? blocks[type as keyof typeof blocks] : undefined;

/**
 * What a user, or a tool, gives to read.
 * @throws TroopError `invalid_value` for what is kept at Anthropic, for PDF, and for what only an assistant says
 */
export function chatParts({ block, where }: Placed<KnownBlock>, ignored: Set<string>): ChatPart[] {
  switch (block.type) {
    case "text":
      return [textPart(block.text)];
    case "image":
      return [{ type: "image_url", image_url: { url: imageUrl(block, where) } }];
    case "document":
      return documentParts(block, where, ignored);
    case "search_result": {
      const texts = within(block.content, `${where}.content`, ignored);
      return [textPart(`${block.title}\n${block.source}`), ...texts];
    }
    case "tool_reference":
      return [textPart(`Found the tool ${block.tool_name}.`)];
    case "thinking":
    case "tool_use":
    case "tool_result":
    case "tool_addition":
    case "tool_removal":
      throw invalid(`${where}.type`, `${block.type} cannot stand here`);
    default:
      return block satisfies never;
  }
}

const within = (content: Content, where: string, ignored: Set<string>): ChatPart[] =>
  readBlocks(content, where, ignored, "refused").flatMap((placed) => chatParts(placed, ignored));

function imageUrl({ source }: Image, where: string): string {
  switch (source.type) {
    case "base64":
      return `data:${source.media_type};base64,${source.data}`;
    case "url":
      return source.url;
    case "file":
      throw invalid(`${where}.source`, "files are not kept here; send the image itself");
    default:
      return source satisfies never;
  }
}

function documentParts(
  { source, title, context }: Document,
  where: string,
  ignored: Set<string>,
): ChatPart[] {
  const head = [title, context].flatMap((text) => (text ? [textPart(text)] : []));
  switch (source.type) {
    case "text":
      return [...head, textPart(source.data)];
    case "content":
      return [...head, ...within(source.content, `${where}.source.content`, ignored)];
    case "base64":
    case "url":
      throw invalid(`${where}.source`, "no engine here reads PDF; send the document's text");
    case "file":
      throw invalid(`${where}.source`, "files are not kept here; send the document's text");
    default:
      return source satisfies never;
  }
}
