/** What a request needs of a model beside answering at all, as far as its fields show it. Pure. */
import { isContinuation } from "../../protocol/chat.ts";
import type { Capability } from "../../protocol/node.ts";

export interface Needs {
  /** Engines do not all say what they can do: wanted where somebody has it, no condition where nobody does. */
  capabilities: readonly Capability[];
  images: number;
  /** Characters of their data, which no template puts into the prompt. */
  imageCharacters: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** About what models make of a picture of usual size. */
export const imageTokens = 1_000;

/** The longest answer that is asked for; undefined where none is stated. */
export function mostAnswerTokens({
  max_completion_tokens,
  max_tokens,
}: Fields): number | undefined {
  const most = max_completion_tokens ?? max_tokens;
  return typeof most === "number" ? most : undefined;
}

export function needsOf(fields: Fields): Needs {
  const { messages, tools } = fields;
  const images = imagesIn(messages);
  const capabilities: Capability[] = [
    ...(images.length > 0 ? (["vision"] as const) : []),
    ...(Array.isArray(tools) && tools.length > 0 ? (["tools"] as const) : []),
    ...(isContinuation(fields) ? (["prefill"] as const) : []),
  ];
  const imageCharacters = images.reduce((sum, url) => sum + url.length, 0);
  return { capabilities, images: images.length, imageCharacters };
}

/** @param messages validated, if there are any */
function imagesIn(messages: unknown): string[] {
  if (!Array.isArray(messages)) return [];
  return messages.flatMap(({ content }: { content?: unknown }) =>
    Array.isArray(content)
      ? content.flatMap((part: { image_url?: { url: string } }) => part.image_url?.url ?? [])
      : [],
  );
}
