/** Which call of an answer a piece goes on with: engines say it each in their own way. Pure. */
import { createJsonEnd, type JsonEnd } from "./json-end.ts";

/** A call, or a piece of one, as the engine names it. */
interface CallNames {
  index: number | undefined;
  /** Empty where there is none, as the name. */
  id: string;
  name: string;
}

export interface Piece extends CallNames {
  arguments: string;
}

export interface BegunCall extends CallNames {
  /** All arguments so far. */
  text: string;
  end: JsonEnd;
}

/**
 * The place in `calls`, or -1 where `piece` begins another call. "met" is the last call whose index, id and name are
 * those of the piece, as far as both have one; each line holds where none above it does.
 *
 *   a piece with a name                      | goes on with
 *   met, and it says that call once more     | that
 *   met, and that call's arguments are whole | none, if it has any: two objects in a row are no arguments
 *   met by its index or id                   | that
 *   a call of its index and name is midway   | that: llama.cpp may mend an id once it has read more
 *   anything else                            | none
 *
 *   without a name, which begins no call     | goes on with
 *   met                                      | that
 *   its index is known                       | the last of that: some engines make an id for each piece
 *   anything else                            | the last: some count pieces
 */
export function placeOf(calls: readonly BegunCall[], piece: Piece): number {
  const { index, id, name } = piece;
  const met = calls.findLastIndex(
    (call) =>
      (index === undefined || call.index === undefined || call.index === index) &&
      (!id || !call.id || call.id === id) &&
      (!name || !call.name || call.name === name),
  );
  const ofIndex = calls.findLastIndex((call) => call.index === index);
  if (!name) return [met, ofIndex].find((place) => place >= 0) ?? calls.length - 1;
  if (met >= 0 && (index !== undefined || id)) {
    const call = calls[met]!;
    return call.end.isReached() && piece.arguments.trim() && !isSaidAgain(call, piece) ? -1 : met;
  }
  return ofIndex >= 0 && calls[ofIndex]!.name === name && isMidway(calls[ofIndex]!) ? ofIndex : -1;
}

/** Texts that are no JSON have no end to be before. */
const isMidway = ({ text, end }: BegunCall): boolean => /^\s*[{[]/.test(text) && !end.isReached();

/**
 * All arguments of a call that is whole: some engines and gateways close with them. With a name it is that call only by
 * its id, since a model may call twice with the same.
 */
export const isSaidAgain = (call: BegunCall, { id, name, arguments: fragment }: Piece): boolean =>
  call.end.isReached() && call.text === fragment && (!name || (id !== "" && call.id === id));

export function beginCall({ arguments: fragment, ...names }: Piece): BegunCall {
  const call = { ...names, text: "", end: createJsonEnd() };
  goOn(call, fragment);
  return call;
}

export function goOn(call: BegunCall, fragment: string): void {
  call.text += fragment;
  call.end.take(fragment);
}
