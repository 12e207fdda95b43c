/**
 * Which node has read the beginning of a prompt before: engines keep what they computed for it, and need not do it
 * again. Beginnings are known by keyed digests of whole blocks of text, so that nothing here holds a word of it.
 */
import { createHmac } from "node:crypto";
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { imageTokens, type Needs, needsOf } from "./needs.ts";

/** A prompt's beginnings. */
export interface Prompt {
  /** Characters ÷ 4: nobody has counted them yet. */
  tokens: number;
  /** Of one block, of the first two, and so on. */
  beginnings: readonly string[];
}

export interface Prefixes {
  /** @param needs of the same fields, where they are known already */
  read(fields: Readonly<Record<string, unknown>>, needs?: Needs): Prompt;
  /** Tokens of the longest beginning that the node was sent lately. */
  cachedTokens(node: string, model: string, prompt: Prompt): number;
  /** It did not read it after all. */
  refused(node: string, model: string, prompt: Prompt): void;
  /** The node is sent this prompt now. */
  sent(node: string, model: string, prompt: Prompt): void;
}

export const noPrompt: Prompt = { tokens: 0, beginnings: [] };

const blockCharacters = 1_024;
const charactersPerToken = 4;
/** Of one prompt: what lies behind does not change where it goes. */
const blocksMost = 256;
const beginningsMost = 16_384;
/** Engines make room for others: so long a beginning is taken to be remembered. */
const rememberedMs = 600_000;

export function createPrefixes({
  clock,
  random,
}: {
  clock: Pick<Clock, "monotonic">;
  random: Random;
}): Prefixes {
  const key = random.bytes(32);
  const lastSent = boundedMap<string, { node: string; at: number }>(beginningsMost);
  const entryOf = (model: string, beginning: string) => `${beginning} ${model}`;

  return {
    read(fields, { images, imageCharacters } = needsOf(fields)) {
      const text = promptText(fields);
      const beginnings: string[] = [];
      let last = "";
      for (let end = blockCharacters; end <= text.length; end += blockCharacters) {
        if (beginnings.length >= blocksMost) break;
        const block = text.slice(end - blockCharacters, end);
        last = createHmac("sha256", key).update(last).update(block).digest("base64url");
        beginnings.push(last);
      }
      const characters = text.length - imageCharacters;
      const tokens = Math.ceil(characters / charactersPerToken) + images * imageTokens;
      return { tokens, beginnings };
    },
    cachedTokens(node, model, { beginnings }) {
      const oldest = clock.monotonic() - rememberedMs;
      const at = beginnings.findLastIndex((beginning) => {
        const sent = lastSent.get(entryOf(model, beginning));
        return sent !== undefined && sent.node === node && sent.at >= oldest;
      });
      return ((at + 1) * blockCharacters) / charactersPerToken;
    },
    refused(node, model, { beginnings }) {
      for (const beginning of beginnings) {
        const entry = entryOf(model, beginning);
        if (lastSent.get(entry)?.node === node) lastSent.delete(entry);
      }
    },
    sent(node, model, { beginnings }) {
      const at = clock.monotonic();
      for (const beginning of beginnings) lastSent.set(entryOf(model, beginning), { node, at });
    },
  };
}

/** In the order in which templates put it: tools before what was said. */
function promptText({ tools, messages, prompt }: Readonly<Record<string, unknown>>): string {
  const said = messages ?? prompt;
  if (said === undefined) return "";
  return (tools === undefined ? "" : JSON.stringify(tools)) + JSON.stringify(said);
}
