/** A message of the model: text, or a refusal, or one after the other, each a part of its own. */
import type { OutputContent, OutputMessage } from "./items.ts";
import { deltaLogprobs, type Logprob } from "./logprobs.ts";
import type { ItemStatus, Piece, Place, Unnumbered } from "./piece.ts";

export interface MessagePiece extends Piece {
  kind: "message";
  addText(delta: string, logprobs: readonly Logprob[]): Unnumbered[];
  addRefusal(delta: string): Unnumbered[];
}

interface Part {
  type: OutputContent["type"];
  text: string;
  logprobs: Logprob[];
}

export function createMessagePiece(place: Place): MessagePiece {
  const parts: Part[] = [];
  let status: ItemStatus = "in_progress";

  const item = (): OutputMessage => ({
    id: place.item_id,
    type: "message",
    status,
    role: "assistant",
    content: parts.map(contentOf),
  });
  const placeOfPart = () => ({ ...place, content_index: parts.length - 1 });

  function openPart(type: Part["type"]): Unnumbered[] {
    if (parts.at(-1)?.type === type) return [];
    const before = closePart();
    const part: Part = { type, text: "", logprobs: [] };
    parts.push(part);
    return [
      ...before,
      { type: "response.content_part.added", ...placeOfPart(), part: contentOf(part) },
    ];
  }

  function closePart(): Unnumbered[] {
    const part = parts.at(-1);
    if (!part) return [];
    const where = placeOfPart();
    const done: Unnumbered =
      part.type === "refusal"
        ? { type: "response.refusal.done", ...where, refusal: part.text }
        : {
            type: "response.output_text.done",
            ...where,
            text: part.text,
            logprobs: deltaLogprobs(part.logprobs),
          };
    return [done, { type: "response.content_part.done", ...where, part: contentOf(part) }];
  }

  return {
    kind: "message",
    open: () => [
      { type: "response.output_item.added", output_index: place.output_index, item: item() },
    ],
    addText(delta, logprobs) {
      const before = openPart("output_text");
      const part = parts.at(-1)!;
      part.text += delta;
      for (const each of logprobs) part.logprobs.push(each);
      const told = deltaLogprobs(logprobs);
      const type = "response.output_text.delta";
      return [...before, { type, ...placeOfPart(), delta, logprobs: told }];
    },
    addRefusal(delta) {
      const before = openPart("refusal");
      parts.at(-1)!.text += delta;
      return [...before, { type: "response.refusal.delta", ...placeOfPart(), delta }];
    },
    close(ending) {
      // A message that says nothing still has its text, which applications look for.
      const before = parts.length === 0 ? openPart("output_text") : [];
      const ends = closePart();
      status = ending;
      const { output_index } = place;
      const done: Unnumbered = { type: "response.output_item.done", output_index, item: item() };
      return [...before, ...ends, done];
    },
    isOpen: () => status === "in_progress",
    item,
  };
}

const contentOf = ({ type, text, logprobs }: Part): OutputContent =>
  type === "refusal"
    ? { type, refusal: text }
    : { type, text, annotations: [], logprobs: [...logprobs] };
