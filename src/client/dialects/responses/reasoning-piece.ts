/**
 * What a model thought before it spoke. Open models think in the open, so that it is told as `reasoning_text`. An
 * application that asked for a summary looks for one and nowhere else (the `ai` SDK, Codex): it gets the thoughts
 * themselves in that place, since nobody sums them up here.
 */
import type { ReasoningItem } from "./items.ts";
import type { ItemStatus, Piece, Place, Unnumbered } from "./piece.ts";
import { packThoughts } from "./thoughts.ts";

export interface ReasoningPiece extends Piece {
  kind: "reasoning";
  add(delta: string): Unnumbered[];
}

export interface ReasoningForm {
  thoughtsAs: "content" | "summary";
  packsThoughts: boolean;
}

export function createReasoningPiece(place: Place, form: ReasoningForm): ReasoningPiece {
  const isSummary = form.thoughtsAs === "summary";
  const content = { ...place, content_index: 0 };
  const summary = { ...place, summary_index: 0 };
  let text = "";
  let status: ItemStatus = "in_progress";

  const item = (): ReasoningItem => ({
    id: place.item_id,
    type: "reasoning",
    status,
    summary: isSummary && text !== "" ? [{ type: "summary_text", text }] : [],
    ...(isSummary || text === "" ? {} : { content: [{ type: "reasoning_text", text }] }),
    ...(form.packsThoughts && text !== "" ? { encrypted_content: packThoughts(text) } : {}),
  });

  const firstOf = (): Unnumbered =>
    isSummary
      ? {
          type: "response.reasoning_summary_part.added",
          ...summary,
          part: { type: "summary_text", text: "" },
        }
      : {
          type: "response.content_part.added",
          ...content,
          part: { type: "reasoning_text", text: "" },
        };

  function endsOf(ending: "completed" | "incomplete"): Unnumbered[] {
    if (!isSummary)
      return [
        { type: "response.reasoning_text.done", ...content, text },
        { type: "response.content_part.done", ...content, part: { type: "reasoning_text", text } },
      ];
    return [
      { type: "response.reasoning_summary_text.done", ...summary, text },
      {
        type: "response.reasoning_summary_part.done",
        ...summary,
        part: { type: "summary_text", text },
        ...(ending === "incomplete" ? { status: ending } : {}),
      },
    ];
  }

  return {
    kind: "reasoning",
    open: () => [
      { type: "response.output_item.added", output_index: place.output_index, item: item() },
    ],
    add(delta) {
      const before = text === "" ? [firstOf()] : [];
      text += delta;
      const told: Unnumbered = isSummary
        ? { type: "response.reasoning_summary_text.delta", ...summary, delta }
        : { type: "response.reasoning_text.delta", ...content, delta };
      return [...before, told];
    },
    close(ending) {
      const ends = text === "" ? [] : endsOf(ending);
      status = ending;
      const { output_index } = place;
      return [...ends, { type: "response.output_item.done", output_index, item: item() }];
    },
    isOpen: () => status === "in_progress",
    item,
  };
}
