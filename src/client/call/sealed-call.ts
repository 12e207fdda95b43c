/** What every sealed request to a node has beside its body: the headers outside, and the head within. */
import { traceToTell } from "../../host/observe/call.ts";
import type { Head } from "../../protocol/chat.ts";
import type { Frame } from "../../protocol/frames.ts";
import type { SealedExchange } from "../../protocol/sealed-stream-session.ts";
import type { RevealedSecret } from "../../protocol/secrets.ts";
import { packTrace } from "../../protocol/trace-context.ts";
import { sealedMediaType } from "../../protocol/version.ts";

/** @param token the ticket that the exchange is sealed under */
export const callHeaders = (
  token: string,
  { headers }: Pick<SealedExchange, "headers">,
): Record<string, string> => ({
  ...headers,
  authorization: `Bearer ${token}`,
  "content-type": sealedMediaType,
});

/** Where the request is traced, the node is told here, where nobody on the way sees it. */
export function headFrame(path: Head["path"], { k, x, path: proof }: RevealedSecret): Frame {
  const trace = traceToTell();
  const head: Head = { path, k, x, proof, ...(trace && { of: packTrace(trace) }) };
  return { type: "head", bytes: Buffer.from(JSON.stringify(head)) };
}
