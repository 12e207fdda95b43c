/** Which headers pass, by name: everything else is of one hop, or would speak for the relay's own origin. Pure. */
import type { IncomingHttpHeaders } from "node:http";
import { headers, sealedMediaType } from "../protocol/version.ts";

type Passed = Record<string, string>;

/** Of a client's request. */
const towardsWorker = [
  "authorization",
  "content-type",
  headers.version,
  headers.encryption,
  headers.index,
  headers.attempt,
] as const;

/** Of a worker's answer, and of what may follow its body. */
const towardsClient = [
  "content-type",
  "retry-after",
  headers.version,
  headers.encryption,
  headers.requestId,
] as const;

const pick = (sent: IncomingHttpHeaders, names: readonly string[]): Passed =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = sent[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );

export const requestHeaders = (sent: IncomingHttpHeaders): Passed => pick(sent, towardsWorker);

/** A node is a stranger: it may not make a browser take its bytes for a page of the relay's. */
const mediaTypes = new Set<string>([sealedMediaType, "application/json"]);

export function answerHeaders(sent: IncomingHttpHeaders): Passed {
  const passed = pick(sent, towardsClient);
  const type = mediaTypes.has(passed["content-type"] ?? "") ? {} : binary;
  return { ...passed, ...type, "x-content-type-options": "nosniff" };
}

const binary = { "content-type": "application/octet-stream" };

export const answerTrailers = (sent: IncomingHttpHeaders): Passed => pick(sent, towardsClient);
