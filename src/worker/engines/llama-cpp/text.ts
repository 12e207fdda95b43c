/** Turns sampled tokens into text that may be sent: whole characters, without markers, up to a stop text. */
import type { LoadedModel, TokenId } from "./binding.ts";

/** A character has at most four bytes and so waits for three more tokens; the rest is slack for joined tokens. */
const mostPendingTokens = 8;
/** Tokens of context that the detokenizer looks back at, to decide on spaces. */
const lookBack = 4;
const replacement = "\uFFFD";

/**
 * Tokens in, text out. A token that ends inside a character is held until the character is whole.
 * @param said tokens of the same text that came before: a space that belongs between them is not lost
 */
export function createDecoder(
  model: LoadedModel,
  shown: ReadonlySet<TokenId>,
  said: readonly TokenId[] = [],
) {
  let pending: TokenId[] = [];
  let recent = said.slice(-lookBack);
  const settle = (text: string) => {
    recent = [...recent, ...pending].slice(-lookBack);
    pending = [];
    return text;
  };
  const flush = () => settle(pending.length === 0 ? "" : model.detokenize(pending, false, recent));
  return {
    push(token: TokenId): string {
      if (shown.has(token)) return flush() + model.detokenize([token], true);
      pending.push(token);
      const text = model.detokenize(pending, false, recent);
      const isWhole = !text.endsWith(replacement) || pending.length >= mostPendingTokens;
      return isWhole ? settle(text) : "";
    },
    flush,
  };
}

/** Length of the longest end of `text` that could be the beginning of one of `markers`. */
function openEnd(text: string, markers: readonly string[]): number {
  let longest = 0;
  for (const marker of markers) {
    for (let size = Math.min(marker.length - 1, text.length); size > longest; size--) {
      if (marker.startsWith(text.slice(-size))) longest = size;
    }
  }
  return longest;
}

/** Where the first of `markers` begins in `text`, and which one it is. */
function firstOf(text: string, markers: readonly string[]) {
  let found: { at: number; marker: string } | undefined;
  for (const marker of markers) {
    const at = text.indexOf(marker);
    if (at >= 0 && (!found || at < found.at)) found = { at, marker };
  }
  return found;
}

/** Lets text through until one of `stops` appears; holds back only what could be the beginning of one. */
export function createStopWatch(stops: readonly string[]) {
  let held = "";
  return {
    push(text: string): { text: string; stopped: boolean } {
      held += text;
      const found = firstOf(held, stops);
      if (found) return { text: held.slice(0, found.at), stopped: true };
      const free = held.length - openEnd(held, stops);
      const passed = held.slice(0, free);
      held = held.slice(free);
      return { text: passed, stopped: false };
    },
    flush: () => held,
  };
}

export interface Piece {
  /** Reasoning is sent as `reasoning_content`, apart from the answer. */
  kind: "content" | "reasoning";
  text: string;
}

/** The texts between which a model thinks, for example `<think>` and `</think>`. */
export interface ThoughtMarkers {
  open: string;
  close: string;
  /** The template itself opened the thought, so the answer begins inside it. */
  startsInside: boolean;
}

/** Parts reasoning from content. Without markers all is content. */
export function createThoughtSplitter(markers: ThoughtMarkers | undefined) {
  let held = "";
  let inside = markers?.startsInside ?? false;
  const piece = (text: string): Piece[] =>
    text === "" ? [] : [{ kind: inside ? "reasoning" : "content", text }];
  return {
    push(text: string): Piece[] {
      if (!markers) return piece(text);
      held += text;
      const pieces: Piece[] = [];
      for (;;) {
        const awaited = [inside ? markers.close : markers.open];
        const found = firstOf(held, awaited);
        if (found) {
          pieces.push(...piece(held.slice(0, found.at)));
          held = held.slice(found.at + found.marker.length);
          inside = !inside;
          continue;
        }
        const free = held.length - openEnd(held, awaited);
        pieces.push(...piece(held.slice(0, free)));
        held = held.slice(free);
        return pieces;
      }
    },
    flush: () => piece(held),
  };
}
