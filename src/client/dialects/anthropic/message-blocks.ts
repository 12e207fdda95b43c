/**
 * The blocks of an answer, one after the other: each begins, grows and ends before the next one begins. Engines may
 * tell of several tool calls in turn; then the later ones wait until the first is whole. Pure.
 */
import type { ContentBlock, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import type { ChatDelta } from "../chat-chunk.ts";
import { createJsonEnd, type JsonEnd } from "../json-end.ts";

/** What one delta adds to one block. */
type Piece =
  | { type: "text" | "thinking"; text: string }
  | { type: "tool"; index: number; id: string | undefined; name: string; text: string };

interface Growing {
  key: string;
  first: Piece;
  text: string;
  /** Of a tool call's arguments. Texts may end at any place. */
  end: JsonEnd | undefined;
}

export interface MessageBlocks {
  /** What a delta makes known. */
  add(delta: ChatDelta): RawMessageStreamEvent[];
  /** Nothing more comes. */
  end(): RawMessageStreamEvent[];
  /** After `end`. */
  whole(): ContentBlock[];
}

/**
 * Nothing of ours is signed, and nothing that comes back is checked. But applications send thinking back only with a
 * signature.
 */
const signature = "unsigned";

export function createMessageBlocks(): MessageBlocks {
  const begun: Growing[] = [];
  /** Keys of the tool calls among them. */
  const calls = new Set<string>();
  let waiting: Piece[] = [];
  /** White space that a text may begin with. Engines say it between thoughts and calls; a block of it alone is none. */
  let blank = "";
  let isOpen = false;
  const current = () => (isOpen ? begun.at(-1) : undefined);

  function take(piece: Piece): RawMessageStreamEvent[] {
    const open = current();
    if (open?.key === keyOf(piece)) return [...grow(open, piece), ...drain(false)];
    if (piece.type === "text") {
      const text = blank + piece.text;
      blank = text.trim() === "" ? text : "";
      if (blank !== "") return [];
      return startOrWait({ type: "text", text });
    }
    blank = "";
    return startOrWait(piece);
  }

  function startOrWait(piece: Piece): RawMessageStreamEvent[] {
    // What comes behind the end of a call that was whole is but white space.
    if (calls.has(keyOf(piece))) return [];
    const open = current();
    if (open && !isWhole(open)) {
      waiting.push(piece);
      return [];
    }
    return [...close(), ...begin(piece)];
  }

  function begin(first: Piece): RawMessageStreamEvent[] {
    const block: Growing = { key: keyOf(first), first, text: "", end: endOf(first) };
    const index = begun.push(block) - 1;
    if (first.type === "tool") calls.add(block.key);
    isOpen = true;
    return [
      { type: "content_block_start", index, content_block: beginningOf(first) },
      ...grow(block, first),
    ];
  }

  function grow(block: Growing, { type, text }: Piece): RawMessageStreamEvent[] {
    if (text === "") return [];
    block.text += text;
    block.end?.take(text);
    const index = begun.length - 1;
    return [{ type: "content_block_delta", index, delta: deltaOf(type, text) }];
  }

  function close(): RawMessageStreamEvent[] {
    const open = current();
    if (!open) return [];
    isOpen = false;
    const index = begun.length - 1;
    const signed: RawMessageStreamEvent[] =
      open.first.type === "thinking"
        ? [{ type: "content_block_delta", index, delta: { type: "signature_delta", signature } }]
        : [];
    return [...signed, { type: "content_block_stop", index }];
  }

  /** Blocks that waited, each with all that is there of it. */
  function drain(isEnd: boolean): RawMessageStreamEvent[] {
    const events: RawMessageStreamEvent[] = [];
    for (let open = current(); open && waiting.length > 0; open = current()) {
      if (!isEnd && !isWhole(open)) break;
      const key = keyOf(waiting[0]!);
      const [first, ...more] = waiting.filter((piece) => keyOf(piece) === key);
      waiting = waiting.filter((piece) => keyOf(piece) !== key);
      events.push(...close(), ...begin(first!));
      for (const piece of more) events.push(...grow(begun.at(-1)!, piece));
    }
    return events;
  }

  return {
    add: (delta) => piecesOf(delta).flatMap(take),
    end: () => [...drain(true), ...close()],
    whole: () => begun.map(wholeOf),
  };
}

function piecesOf({ reasoning_content, content, refusal, tool_calls }: ChatDelta): Piece[] {
  return [
    ...(reasoning_content ? [{ type: "thinking" as const, text: reasoning_content }] : []),
    ...[content, refusal].flatMap((text) => (text ? [{ type: "text" as const, text }] : [])),
    ...(tool_calls ?? []).map(({ index, id, function: called }) => ({
      ...{ type: "tool" as const, index, id, name: called.name ?? "", text: called.arguments },
    })),
  ];
}

const keyOf = (piece: Piece): string =>
  piece.type === "tool" ? `tool ${piece.index}` : piece.type;

const endOf = ({ type }: Piece): JsonEnd | undefined =>
  type === "tool" ? createJsonEnd() : undefined;

const isWhole = ({ end }: Growing): boolean => end === undefined || end.isReached();

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

function beginningOf(piece: Piece) {
  switch (piece.type) {
    case "text":
      return { type: "text" as const, text: "", citations: null };
    case "thinking":
      return { type: "thinking" as const, thinking: "", signature: "" };
    case "tool":
      return toolUse(piece, {});
    default:
      return piece satisfies never;
  }
}

function deltaOf(type: Piece["type"], text: string) {
  switch (type) {
    case "text":
      return { type: "text_delta" as const, text };
    case "thinking":
      return { type: "thinking_delta" as const, thinking: text };
    case "tool":
      return { type: "input_json_delta" as const, partial_json: text };
    default:
      return type satisfies never;
  }
}

function wholeOf({ first, text }: Growing): ContentBlock {
  switch (first.type) {
    case "text":
      return { type: "text", text, citations: null };
    case "thinking":
      return { type: "thinking", thinking: text, signature };
    case "tool":
      // Arguments that are no JSON stay the text they are: an empty object would be another call.
      return toolUse(first, text === "" ? {} : (parsed(text) ?? text));
    default:
      return first satisfies never;
  }
}

const toolUse = ({ id, name }: Extract<Piece, { type: "tool" }>, input: unknown) => ({
  ...{ type: "tool_use" as const, id: id ?? "", name, input },
  caller: { type: "direct" as const },
});
