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
  hasArguments: boolean;
  end: JsonEnd;
}

/**
 * The place in `calls`, or -1 where `piece` begins another call. "met" is the last call whose index and id are those of
 * the piece, as far as both have one; each line holds where none above it does.
 *
 *   a piece with a name                      | goes on with
 *   without index and id                     | none
 *   met, and that call's arguments are whole | none, if it has any: two objects in a row are no arguments
 *   met                                      | that
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
      (!id || !call.id || call.id === id),
  );
  const ofIndex = calls.findLastIndex((call) => call.index === index);
  if (!name) return [met, ofIndex].find((place) => place >= 0) ?? calls.length - 1;
  if (index === undefined && !id) return -1;
  if (met >= 0) return calls[met]!.end.isReached() && piece.arguments.trim() ? -1 : met;
  return ofIndex >= 0 && calls[ofIndex]!.name === name && isMidway(calls[ofIndex]!) ? ofIndex : -1;
}

const isMidway = ({ hasArguments, end }: BegunCall): boolean => hasArguments && !end.isReached();

export function beginCall({ arguments: fragment, ...names }: Piece): BegunCall {
  const call = { ...names, hasArguments: false, end: createJsonEnd() };
  goOn(call, fragment);
  return call;
}

export function goOn(call: BegunCall, fragment: string): void {
  call.hasArguments ||= fragment.trim() !== "";
  call.end.take(fragment);
}
