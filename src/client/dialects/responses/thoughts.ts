/**
 * Thoughts of a model on their way through an application. `encrypted_content` is what applications send back without
 * looking at it, and some (Codex) send nothing else back of a reasoning item. Nothing needs hiding from the user whose
 * sidecar this is, so that the text is packed, not encrypted. Pure.
 */
import type { ReasoningItem } from "./items.ts";

const mark = "troop-thoughts-1.";

export const packThoughts = (text: string): string =>
  mark + Buffer.from(text, "utf8").toString("base64url");

/** Undefined for what another server made. */
function unpackThoughts(packed: string | null | undefined): string | undefined {
  if (!packed?.startsWith(mark)) return undefined;
  return Buffer.from(packed.slice(mark.length), "base64url").toString("utf8");
}

/** What was thought, from whichever place still has it. Empty where only another server can read it. */
export function thoughtsOf({ content, encrypted_content, summary }: ReasoningItem): string {
  const said = content?.map(({ text }) => text).join("") ?? "";
  return (
    said || (unpackThoughts(encrypted_content) ?? summary.map(({ text }) => text).join("\n\n"))
  );
}
