/** What the client sees of an ending, before the line: nothing of a whole answer's, an error or a cut of the others'. */
import { TroopError } from "../../protocol/error-codes.ts";
import { formatEvent } from "../../protocol/sse.ts";
import type { AnswerReader } from "./answer-reader.ts";
import type { Answer } from "./answer.ts";
import type { Ending, StopReason } from "./attempt.ts";
import { errorObject } from "../../protocol/error-object.ts";
import { refuseSealed } from "./refusal.ts";

export interface EndingParts {
  answer: Answer;
  reader: AnswerReader;
  requestId: string;
}

/** Returns true where the answer became a refusal, behind which no line follows. */
export function showEnding(ending: Ending, { answer, reader, requestId }: EndingParts): boolean {
  const lengthEvent = reader.lengthEvent();
  if (ending.type === "stopped" && ending.reason === "budget" && lengthEvent !== undefined) {
    if (!answer.isOpen)
      answer.open({ status: 200, headers: { "content-type": reader.contentType } });
    answer.body(lengthEvent);
    return false;
  }
  const error = errorOf(ending);
  if (!error) return false;
  // A status can only be stated once; within a stream the error is an event.
  const isRefusal = !answer.isOpen;
  if (isRefusal) refuseSealed(answer, error, requestId);
  else answer.body(formatEvent(JSON.stringify({ error: errorObject(error) })));
  return isRefusal;
}

function errorOf(ending: Ending): TroopError | undefined {
  switch (ending.type) {
    case "whole":
      return undefined;
    case "refused":
      return ending.refusal.error;
    case "broken":
      return new TroopError("engine_error", "The engine failed before its answer was complete.");
    case "stopped":
      return errorOfStop(ending.reason);
    default:
      return ending satisfies never;
  }
}

function errorOfStop(reason: StopReason): TroopError | undefined {
  switch (reason) {
    case "budget":
      return new TroopError("budget_exhausted");
    case "timeout":
      return new TroopError("timeout");
    case "stopping":
      return new TroopError("draining", "The node stopped before the answer was complete.");
    case "yielded":
      return new TroopError(
        "owner_busy",
        "The node's owner came back before the answer was complete.",
      );
    case "client_gone":
      return undefined;
    default:
      return reason satisfies never;
  }
}
