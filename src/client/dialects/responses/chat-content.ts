/** Parts of items as parts of chat messages. Pure. */
import type { InputContent, OutputContent } from "./items.ts";
import { textOfFile } from "./text-file.ts";

export type ChatPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string; detail?: "auto" | "low" | "high" } };

/** Text alone is a string, which every engine's template understands. */
export function chatContent(parts: readonly InputContent[]): string | ChatPart[] {
  const chat = parts.map(chatPart);
  const texts = chat.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return texts.length === chat.length ? texts.join("\n") : chat;
}

function chatPart(part: InputContent): ChatPart {
  switch (part.type) {
    case "input_text":
      return { type: "text", text: part.text };
    case "input_image": {
      const detail = part.detail === "original" ? "high" : part.detail;
      return {
        type: "image_url",
        image_url: { url: part.image_url ?? "", ...(detail === "auto" ? {} : { detail }) },
      };
    }
    case "input_file": {
      // That it is text was seen when it was read.
      const text = textOfFile(part.file_data ?? "") ?? "";
      return { type: "text", text: part.filename ? `${part.filename}:\n${text}` : text };
    }
    default:
      return part satisfies never;
  }
}

/** What a tool gave back: a tool's message is text; its images follow in one of the user's. */
export function chatOutput(output: string | readonly InputContent[]): {
  text: string;
  images: ChatPart[];
} {
  if (typeof output === "string") return { text: output, images: [] };
  const parts = output.map(chatPart);
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return { text: texts.join("\n"), images: parts.filter((part) => part.type === "image_url") };
}

/** Templates know nothing of refusals: to a model it is what it said. */
export const chatAnswer = (parts: readonly OutputContent[]): string =>
  parts.map((part) => (part.type === "output_text" ? part.text : part.refusal)).join("");
