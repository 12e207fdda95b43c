/** What the chat's own table refuses, in the words of the API that was asked: it may never have heard of them. Pure. */
import { TroopError } from "../../protocol/error-codes.ts";

/** Beginnings of the chat's parameters, and what the API calls them. */
export type OwnWords = readonly (readonly [beginning: RegExp, own: string])[];

/** @returns a refusal of the chat that a request was made into as one of the request; anything else as it is */
export function inOwnWords(words: OwnWords, error: TroopError): TroopError;
export function inOwnWords(words: OwnWords, error: unknown): unknown;
export function inOwnWords(words: OwnWords, error: unknown): unknown {
  if (!(error instanceof TroopError) || error.param === undefined) return error;
  const { param, code, message, details, retryAfterMs, cause } = error;
  const [beginning, name] = words.find(([pattern]) => pattern.test(param)) ?? [];
  if (!beginning || name === undefined) return error;
  const own = param.replace(beginning, name);
  return new TroopError(
    code,
    message.replaceAll(`\`${param}\``, () => `\`${own}\``),
    {
      ...{ param: own, details, cause },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}
