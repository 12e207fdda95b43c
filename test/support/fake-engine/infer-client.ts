/** The smallest client of a worker: sealed frames out, frames back, with every part in the test's hand. */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";
import { type AnswerHead, readAnswerHead } from "../../../src/protocol/chat.ts";
import type { Frame } from "../../../src/protocol/frames.ts";
import { limits } from "../../../src/protocol/limits.ts";
import { type Line, lineSchema } from "../../../src/protocol/receipt.ts";
import type { FrameOpener, OpenedFrame } from "../../../src/protocol/sealed-stream-cipher.ts";
import { sealedMediaType } from "../../../src/protocol/version.ts";
import type { TestTicket } from "./coordinator-stub.ts";
import { exchangeFor } from "./test-session.ts";

export interface AskOptions {
  url: string;
  ticket: TestTicket;
  k?: number;
  path?: string;
  /** A text is sent as it is. */
  body?: object | string;
  /** Replaces parts of the head frame's JSON. */
  head?: object;
  /** Replaces the frames that are sealed; the last one is final. */
  frames?: Frame[];
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

/** The head of a request, unless the test has another idea. */
export function headOf({ ticket, k = 1, path, head }: Omit<AskOptions, "url">): Frame {
  const secret = ticket.tree.reveal(k);
  const fields = { path: path ?? "/v1/chat/completions", k, x: secret.x, proof: secret.path };
  return { type: "head", bytes: json({ ...fields, ...head }) };
}

function framesOfRequest(options: AskOptions): Frame[] {
  const { body } = options;
  const bytes = typeof body === "string" ? Buffer.from(body) : json(body ?? chatBody());
  const frames: Frame[] = [headOf(options)];
  for (let start = 0; start < bytes.length; start += limits.frameBytes)
    frames.push({ type: "body", bytes: bytes.subarray(start, start + limits.frameBytes) });
  return frames;
}

/** The frames of a request as they go on the wire. */
export function requestBytes(options: AskOptions): Buffer {
  const { request } = exchangeFor(options.ticket, options.k ?? 1, "request");
  const frames = options.frames ?? framesOfRequest(options);
  const last = frames.length - 1;
  return Buffer.concat(frames.map((frame, index) => request.seal(frame, index === last)));
}

/** A request's head frame alone; more is to follow. */
export const headBytes = (options: AskOptions): Uint8Array =>
  exchangeFor(options.ticket, options.k ?? 1, "request").request.seal(headOf(options));

export interface OpenAsk {
  request: ClientRequest;
  response: Promise<IncomingMessage>;
}

/** What opens each answer. */
const openers = new WeakMap<IncomingMessage, FrameOpener>();

/** Sends headers only; the test writes the rest. */
export function openRequest({ url, ticket, k = 1, headers = {} }: AskOptions): OpenAsk {
  const call = url.startsWith("https:") ? httpsRequest : httpRequest;
  const request = call(`${url}/infer`, { method: "POST", agent: false });
  const exchange = exchangeFor(ticket, k, "headers");
  const all: Record<string, string | undefined> = {
    authorization: `Bearer ${ticket.token}`,
    "content-type": sealedMediaType,
    ...exchange.headers,
    ...headers,
  };
  for (const [name, value] of Object.entries(all))
    if (value !== undefined) request.setHeader(name, value);
  const response = once(request, "response").then(([message]) => {
    openers.set(message as IncomingMessage, exchange.answer);
    return message as IncomingMessage;
  });
  // A test that hangs up does not wait for an answer.
  response.catch(() => undefined);
  return { request, response };
}

export function startAsk(options: AskOptions): OpenAsk {
  const bytes = options.bytes ?? requestBytes(options);
  const open = openRequest(options);
  open.request.end(bytes);
  return open;
}

/** The frames of an answer; an answer that is not whole throws at its end. */
export async function* framesOf(response: IncomingMessage): AsyncGenerator<OpenedFrame> {
  const opener = openers.get(response)!;
  for await (const chunk of response) yield* opener.push(chunk as Uint8Array);
  opener.end();
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
    if (type === "head") head = readAnswerHead(JSON.parse(Buffer.from(bytes).toString()));
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
