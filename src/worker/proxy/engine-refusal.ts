/** What it means when an engine answers with an error instead of an answer. Its own words are never passed on. Pure. */
import { TroopError } from "../../protocol/error-codes.ts";

export interface EngineRefusal {
  error: TroopError;
  /** Another engine might do better; with a fault of the request none would. */
  isWorthRepeating: boolean;
}

const aboutContext = /context|maximum.{0,20}length|too (long|large|many tokens)|n_ctx|exceed/i;

/** @param text the beginning of the error's body */
export function readEngineRefusal(status: number, text: string): EngineRefusal {
  const isRequestsFault = status === 400 || status === 413 || status === 422;
  if (!isRequestsFault) {
    const error = new TroopError("engine_error", `The engine answered ${status}.`);
    return { error, isWorthRepeating: true };
  }
  const code = aboutContext.test(text) ? "context_length_exceeded" : "unsupported_parameter";
  return { error: new TroopError(code), isWorthRepeating: false };
}
