/** How long a prompt is where the engine does not count: the UTF-8 bytes of its text. Pure. */
import type { InferencePath } from "./chat.ts";

/** Images and sounds are not text: counting their base64 would call a photograph a million tokens. */
export function promptBytes(
  path: InferencePath,
  fields: Readonly<Record<string, unknown>>,
): number {
  switch (path) {
    case "/v1/chat/completions":
      return textBytes(fields.messages) + textBytes(fields.tools);
    case "/v1/completions":
      return textBytes(fields.prompt) + textBytes(fields.suffix);
    case "/v1/embeddings":
      return textBytes(fields.input);
    default:
      return path satisfies never;
  }
}

/** Names and labels around the text; images and the like. */
const otherKeys = new Set(
  ["role", "type", "id", "tool_call_id"].concat(["image_url", "input_audio", "file", "video_url"]),
);

function textBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  // Token ids, which embeddings may be asked for: each stands for one token.
  if (typeof value === "number") return 4;
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textBytes(item), 0);
  return Object.entries(value).reduce(
    (sum, [key, item]) => (otherKeys.has(key) ? sum : sum + textBytes(item)),
    0,
  );
}
