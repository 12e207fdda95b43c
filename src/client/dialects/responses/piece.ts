/** One item of an answer while it is being told. Only its own events, unnumbered; whoever owns it puts them in order. */
import type { OutputItem, ResponseEvent, ToldItem } from "./items.ts";

type WithoutNumber<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
export type Unnumbered = WithoutNumber<ResponseEvent>;

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export interface Piece {
  /** `output_item.added`. */
  open(): Unnumbered[];
  /** What ends its parts, then `output_item.done`; once. */
  close(status: "completed" | "incomplete"): Unnumbered[];
  isOpen(): boolean;
  /** As it stands; a fresh object each time. */
  item(): OutputItem;
}

/** Where an item stands, as most of its events say it. */
export interface Place {
  item_id: string;
  output_index: number;
}

/** In the published output a custom tool's call has no status; in what is kept of it, it must have one. */
export function toldItem(item: OutputItem): ToldItem {
  if (item.type !== "custom_tool_call") return item;
  const { status: _status, ...told } = item;
  return told;
}
