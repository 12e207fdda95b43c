/** One HTTP call and its bounded answer: all that calls to the coordinator need of a network. */
import { request, type Dispatcher } from "undici";

export interface HttpRequest {
  method: "GET" | "POST" | "DELETE";
  url: string;
  query: Readonly<Record<string, string>> | undefined;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text(): Promise<string>;
}

/** Resolves with the answer's head. It and `text` reject with the network's error, or the signal's reason. */
export type HttpTransport = (call: HttpRequest) => Promise<HttpAnswer>;

/** No answer of the coordinator is larger than its largest list. */
const answerBytes = 8 * 1_024 * 1_024;

export const createHttpTransport =
  (dispatcher: Dispatcher): HttpTransport =>
  async ({ method, url, query, headers, body, signal }) => {
    const response = await request(url, {
      dispatcher,
      method,
      signal,
      headers,
      ...(query ? { query: { ...query } } : {}),
      ...(body ? { body } : {}),
    });
    const { statusCode: status, headers: answered, body: stream } = response;
    return { status, headers: answered, text: () => readBounded(stream) };
  };

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > answerBytes) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
