/** How many tokens a prompt may have, before an engine has counted. Pure. */
import { promptBytes } from "../../../protocol/prompt-size.ts";
import { needsOf } from "../../routing/needs.ts";

/** Of text in English, and of source code, tokenizers make about one token of four bytes. */
const bytesPerToken = 4;
/** Engines make between 64 and 3,000 tokens of an image, by its size and the model: about what one of 1,000 × 1,000 is. */
const tokensPerImage = 1_024;

/** @param fields of a chat. @returns 1 at least */
export function estimateTokens(fields: Readonly<Record<string, unknown>>): number {
  const text = promptBytes("/v1/chat/completions", fields) / bytesPerToken;
  return Math.max(1, Math.ceil(text) + tokensPerImage * needsOf(fields).images);
}
