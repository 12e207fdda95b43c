/** The smallest client of a worker: frames out, frames back, with every part in the test's hand. */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { buffer } from "node:stream/consumers";
import { type AnswerHead, answerHeadSchema } from "../../../src/protocol/chat.ts";
import { createSealedReader, type Frame, sealedBytesFor } from "../../../src/protocol/frames.ts";
import { limits } from "../../../src/protocol/limits.ts";
import { type Line, lineSchema } from "../../../src/protocol/receipt.ts";
import { openFrame, sealFrame } from "../../../src/protocol/sealed-stream.ts";
import { sealedMediaType } from "../../../src/protocol/version.ts";
import type { TestTicket } from "./coordinator-stub.ts";

export interface AskOptions {
  url: string;
  ticket: TestTicket;
  k?: number;
  path?: string;
  /** A text is sent as it is. */
  body?: object | string;
  /** Replaces parts of the head frame's JSON. */
  head?: object;
  /** Replaces headers; undefined leaves one out. */
  headers?: Record<string, string | undefined>;
  /** Replaces everything that is sent. */
  bytes?: Uint8Array;
}

/** What came back, whichever way it was said. */
export interface Reply {
  /** The status that counts: the inner one where there is one. */
  status: number;
  outerStatus: number;
  headers: Readonly<Record<string, unknown>>;
  code: string | undefined;
  /** All body frames. */
  text: string;
  line: Line | undefined;
  /** Number of body frames. */
  pieces: number;
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

export const chatBody = (fields: object = {}) => ({
  model: "test-model",
  messages: [{ role: "user", content: "Say hello." }],
  ...fields,
});

/** The frames of a request as they go on the wire. */
export function requestBytes({ ticket, k = 1, path, body, head }: AskOptions): Buffer {
  const secret = ticket.tree.reveal(k);
  const headFrame = {
    ...{ path: path ?? "/v1/chat/completions", k, x: secret.x, proof: secret.path },
    ...head,
  };
  const bytes = typeof body === "string" ? Buffer.from(body) : json(body ?? chatBody());
  const frames: Frame[] = [{ type: "head", bytes: json(headFrame) }];
  for (let start = 0; start < bytes.length; start += limits.frameBytes)
    frames.push({ type: "body", bytes: bytes.subarray(start, start + limits.frameBytes) });
  return Buffer.concat(frames.map(sealFrame));
}

/** A request's head frame alone. */
export function headBytes(options: AskOptions): Buffer {
  const whole = requestBytes(options);
  return whole.subarray(0, 4 + whole.readUInt32BE(0));
}

export interface OpenAsk {
  request: ClientRequest;
  response: Promise<IncomingMessage>;
}

/** Sends headers only; the test writes the rest. */
export function openRequest({ url, ticket, k = 1, headers = {} }: AskOptions): OpenAsk {
  const request = httpRequest(`${url}/infer`, { method: "POST", agent: false });
  const all: Record<string, string | undefined> = {
    authorization: `Bearer ${ticket.token}`,
    "content-type": sealedMediaType,
    "troop-index": String(k),
    "troop-attempt": Buffer.alloc(16, k).toString("base64url"),
    ...headers,
  };
  for (const [name, value] of Object.entries(all))
    if (value !== undefined) request.setHeader(name, value);
  const response = once(request, "response").then(([message]) => message as IncomingMessage);
  // A test that hangs up does not wait for an answer.
  response.catch(() => undefined);
  return { request, response };
}

export function startAsk(options: AskOptions): OpenAsk {
  const open = openRequest(options);
  open.request.end(options.bytes ?? requestBytes(options));
  return open;
}

export async function* framesOf(response: IncomingMessage): AsyncGenerator<Frame> {
  const reader = createSealedReader(sealedBytesFor(limits.frameBytes), "stream_truncated");
  for await (const chunk of response)
    for (const sealed of reader.push(chunk as Uint8Array))
      yield openFrame(sealed, "stream_truncated");
}

const codeIn = (text: string): string | undefined =>
  /"error":\{.*?"code":"([a-z_]+)"/.exec(text)?.[1];

export async function readReply(response: IncomingMessage): Promise<Reply> {
  const outerStatus = response.statusCode!;
  if (outerStatus !== 200) {
    const text = (await buffer(response)).toString();
    const { headers } = response;
    return {
      status: outerStatus,
      outerStatus,
      headers,
      code: codeIn(text),
      text,
      line: undefined,
      pieces: 0,
    };
  }
  let head: AnswerHead | undefined;
  let line: Line | undefined;
  const pieces: Uint8Array[] = [];
  for await (const { type, bytes } of framesOf(response)) {
    if (line) throw new Error("a frame follows the line");
    if (type === "head") head = answerHeadSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
    else if (type === "line") line = lineSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
    else pieces.push(bytes);
  }
  if (!head) throw new Error("the answer has no head");
  const text = Buffer.concat(pieces).toString();
  const { status, headers } = head;
  return { status, outerStatus, headers, code: codeIn(text), text, line, pieces: pieces.length };
}

export const ask = async (options: AskOptions): Promise<Reply> =>
  readReply(await startAsk(options).response);

/** The JSON of each event in an answer's text. */
export const eventsOf = (text: string): Record<string, unknown>[] =>
  text
    .split("\n\n")
    .filter(Boolean)
    .map((event) => JSON.parse(event.replace(/^data: /, "")) as Record<string, unknown>);
