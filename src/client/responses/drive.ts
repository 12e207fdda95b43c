/** Lets a node answer, and tells it as a response to whoever takes the events: the background, or a WebSocket. */
import { expectedFailure } from "../../host/framework-failure.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { chatDialect } from "../dialects/chat.ts";
import { endingOf } from "../dialects/teller.ts";
import type { ResponseEvent } from "../dialects/responses/items.ts";
import type { ResponseTeller } from "../dialects/responses/teller.ts";
import type { Generate } from "../generate.ts";
import type { Prepared } from "./prepare.ts";

/** A promise asks the node to wait. */
export type PutEvents = (events: ResponseEvent[]) => Promise<void> | undefined;

/** How it went; what a failure is told as is the caller's business. */
export type Driven = { outcome: "told" } | { outcome: "failed"; error: TroopError };

export interface DriveParts {
  generate: Generate;
  log: Log;
}

/** What nothing was generated for: no node was asked, and nothing is paid. */
export const nothingGenerated = {
  reason: "stop",
  usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
} as const;

/** @param beforeEnd called when the answer is whole, before the event that says so */
export async function drive(
  { generate, log }: DriveParts,
  { wanted, request, id }: Prepared,
  teller: ResponseTeller,
  put: PutEvents,
  beforeEnd: () => void,
  signal: AbortSignal,
): Promise<Driven> {
  const end = async (ending: Parameters<ResponseTeller["end"]>[0]): Promise<Driven> => {
    const events = teller.end(ending);
    beforeEnd();
    await put(events);
    return { outcome: "told" };
  };
  try {
    if (request.isWarmUp) return await end(nothingGenerated);
    const target = {
      node: () => undefined,
      take: (chunks: Parameters<ResponseTeller["add"]>[0][]) => put(chunks.flatMap(teller.add)),
    };
    const result = await generate.stream(
      chatDialect,
      "/v1/chat/completions",
      wanted,
      target,
      signal,
    );
    if (result.outcome === "failed") return result;
    return await end(endingOf(result));
  } catch (error) {
    const expected = expectedFailure(error);
    if (!expected) log.error({ err: error, response: id }, "a response failed");
    return { outcome: "failed", error: expected ?? new TroopError("internal_error") };
  }
}
