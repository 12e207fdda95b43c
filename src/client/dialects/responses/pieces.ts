/**
 * The items of an answer in the order in which they began. OpenAI tells one after the other, and some applications
 * (Codex) know no other way, so that an item ends where the next begins; only calls whose arguments an engine mixes
 * stay open beside each other.
 */
import type { ChatDelta } from "../chat-chunk.ts";
import type { ToolDelta } from "../tool-calls.ts";
import { type CallPiece, createCallPiece } from "./call-piece.ts";
import type { NextId, OutputItem } from "./items.ts";
import type { Logprob } from "./logprobs.ts";
import { createMessagePiece } from "./message-piece.ts";
import type { Piece, Place, Unnumbered } from "./piece.ts";
import { createReasoningPiece } from "./reasoning-piece.ts";
import type { ResponseSettings } from "./settings.ts";
import type { OfferedTool } from "./tools.ts";

export interface Pieces {
  add(delta: ChatDelta, logprobs: readonly Logprob[]): Unnumbered[];
  /** Ends all that is open. @param isCut whether the model was stopped, so that what is open is not whole */
  close(isCut: boolean): Unnumbered[];
  /** Ends them untold. */
  abandon(): void;
  items(): OutputItem[];
}

const prefixOf = { function: "fc", custom: "ctc", local_shell: "lsh" } as const;

export function createPieces(settings: ResponseSettings, nextId: NextId): Pieces {
  const pieces: (
    ReturnType<typeof createMessagePiece | typeof createReasoningPiece> | CallPiece
  )[] = [];
  /** Those that have not ended. An answer may have many thousands that have. */
  const open = new Set<(typeof pieces)[number]>();
  /** By the chat's index. */
  const calls: CallPiece[] = [];
  let isAbandoned = false;

  const placeOf = (prefix: string): Place => ({
    item_id: nextId(prefix),
    output_index: pieces.length,
  });

  function begin<New extends (typeof pieces)[number]>(piece: New): [New, Unnumbered[]] {
    const before = [...open].filter(canEnd).flatMap((other) => end(other, "completed"));
    pieces.push(piece);
    open.add(piece);
    return [piece, [...before, ...piece.open()]];
  }

  function end(piece: (typeof pieces)[number], ending: "completed" | "incomplete"): Unnumbered[] {
    open.delete(piece);
    return piece.close(ending);
  }

  function messagePiece() {
    const last = pieces.at(-1);
    if (last?.kind === "message") return [last, []] as const;
    return begin(createMessagePiece(placeOf("msg")));
  }

  function addReasoning(delta: string): Unnumbered[] {
    const last = pieces.at(-1);
    const [piece, opening] =
      last?.kind === "reasoning"
        ? ([last, []] as const)
        : begin(createReasoningPiece(placeOf("rs"), settings));
    return [...opening, ...piece.add(delta)];
  }

  function addCall({ index, id, function: called }: ToolDelta): Unnumbered[] {
    const known = calls[index];
    // Once an engine has ended a call it can only add space to it.
    if (known) return known.isOpen() ? known.add(called.arguments) : [];
    const tool = toolOf(called.name ?? "", settings.offered);
    const place = placeOf(prefixOf[tool.kind]);
    const [piece, opening] = begin(createCallPiece({ place, callId: id ?? nextId("call"), tool }));
    calls[index] = piece;
    return [...opening, ...piece.add(called.arguments)];
  }

  return {
    add({ reasoning_content, content, refusal, tool_calls }, logprobs) {
      const events: Unnumbered[] = [];
      if (reasoning_content) events.push(...addReasoning(reasoning_content));
      if (content) {
        const [piece, opening] = messagePiece();
        events.push(...opening, ...piece.addText(content, logprobs));
      }
      if (refusal) {
        const [piece, opening] = messagePiece();
        events.push(...opening, ...piece.addRefusal(refusal));
      }
      for (const call of tool_calls ?? []) events.push(...addCall(call));
      return events;
    },
    close: (isCut) =>
      [...open].flatMap((piece) =>
        end(piece, isCut && !isWholeCall(piece) ? "incomplete" : "completed"),
      ),
    abandon() {
      isAbandoned = true;
    },
    items: () =>
      pieces.map((piece) => {
        const item = piece.item();
        return isAbandoned && piece.isOpen() ? { ...item, status: "incomplete" } : item;
      }),
  };
}

const isWholeCall = (piece: Piece): boolean => "isWhole" in piece && (piece as CallPiece).isWhole();

/** Words and thoughts end where something else begins; a call may yet be added to. */
const canEnd = (piece: Piece & { kind: string }): boolean =>
  piece.kind !== "call" || isWholeCall(piece);

/** Models make names up: what was not offered is told as the function that they took it for. */
function toolOf(
  chatName: string,
  offered: readonly OfferedTool[],
): Pick<OfferedTool, "kind" | "name" | "namespace"> {
  return offered.find((tool) => tool.chatName === chatName) ?? { kind: "function", name: chatName };
}
