/** Images as Ollama's API has them, bare base64 whose first bytes tell what they are, as `data:` URLs. Pure. */
import { TroopError } from "../../../protocol/error-codes.ts";

/** First bytes of each format that `protocol/chat-fields.ts` lets through, in hexadecimal. */
const signatures: readonly [start: RegExp, type: string][] = [
  [/^89504e470d0a1a0a/, "image/png"],
  [/^ffd8ff/, "image/jpeg"],
  [/^474946383[79]61/, "image/gif"],
  [/^52494646.{8}57454250/, "image/webp"],
  [/^424d/, "image/bmp"],
];

/** 16 characters are 12 bytes: as much as the longest signature. */
const signatureCharacters = 16;

/** @param param where it stands in the request. @throws TroopError `invalid_value` */
export function imageUrlOf(data: string, param: string): string {
  if (data.startsWith("data:")) return data;
  const start = Buffer.from(data.slice(0, signatureCharacters), "base64").toString("hex");
  const type = signatures.find(([signature]) => signature.test(start))?.[1];
  if (type === undefined)
    throw new TroopError(
      "invalid_value",
      `\`${param}\`: no PNG, JPEG, GIF, WebP or BMP image in base64.`,
      { param },
    );
  return `data:${type};base64,${data}`;
}
