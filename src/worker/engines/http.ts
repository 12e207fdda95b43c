/** Asks an engine for a small JSON document: bounded in time and size, and never fooled by our own servers. */
import { request, type Dispatcher } from "undici";
import { z } from "zod";
import { deadline, type Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";

/** A list of all models of a large collection is some hundred kilobytes. */
const mostBytes = 4 * 1_024 * 1_024;
const timeoutDefaultMs = 5_000;

export interface AskOptions {
  clock: Clock;
  signal: AbortSignal;
  headers?: Readonly<Record<string, string>>;
  /** A JSON body; its presence makes the request a POST. */
  body?: unknown;
  timeoutMs?: number;
  dispatcher?: Dispatcher | undefined;
}

export interface Answer {
  status: number;
  /** The parsed body, or undefined where it was not JSON. */
  body: unknown;
  /** The answer is our own coordinator's, which listens where vLLM does: each of its answers carries its time. */
  isTroop: boolean;
}

/** Coordinator, worker, relay and local API say so at `/health`; all but the relay listen where engines do. */
const ownService = z.looseObject({ service: z.string().startsWith("monkey-troop") });

/** @param health the answer to `GET /health` */
export const isOurs = ({ isTroop, body }: Answer): boolean =>
  isTroop || ownService.safeParse(body).success;

const unreachable = (url: string, reason: string, cause?: unknown) =>
  new TroopError("engine_error", `The engine at ${new URL(url).origin} ${reason}.`, { cause });

async function readLimited(url: string, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > mostBytes) throw unreachable(url, "answered with more than it should");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Any status is an answer. Rejects with `engine_error` where there is none, or with the reason of `signal`. */
export async function ask(url: string, options: AskOptions): Promise<Answer> {
  const { clock, signal, headers, body, timeoutMs = timeoutDefaultMs, dispatcher } = options;
  signal.throwIfAborted();
  using limit = deadline(clock, timeoutMs, unreachable(url, "did not answer in time"));
  try {
    const response = await request(url, {
      signal: AbortSignal.any([signal, limit.signal]),
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      ...(dispatcher && { dispatcher }),
    });
    const text = await readLimited(url, response.body);
    const isTroop = response.headers["troop-time"] !== undefined;
    return { status: response.statusCode, body: parseJson(text), isTroop };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TroopError) throw error;
    throw unreachable(url, "cannot be reached", error);
  }
}

/** The body of a good answer. Rejects with `engine_error` otherwise. */
export async function getJson(url: string, options: AskOptions): Promise<unknown> {
  const { status, body, isTroop } = await ask(url, options);
  if (isTroop) throw unreachable(url, "is a Monkey Troop coordinator, not an engine");
  if (status === 401 || status === 403) throw unreachable(url, "wants another API key");
  if (status < 200 || status > 299) throw unreachable(url, `answered ${status}`);
  if (body === undefined) throw unreachable(url, "did not answer with JSON");
  return body;
}
