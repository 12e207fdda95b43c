/** One question, as an application would put it: over HTTP to the local API, streamed. */
import { request } from "undici";
import { errorAnswer } from "../../protocol/endpoints.ts";
import { isErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { createEventReader } from "../../protocol/sse.ts";
import { headers } from "../../protocol/version.ts";
import type { CommandContext } from "../context.ts";

export interface Answer {
  text: string;
  node: string;
  usage: { prompt_tokens: number; completion_tokens: number };
  firstTokenMs: number;
}

interface Chunk {
  choices: { delta?: { content?: string | null } }[];
  usage?: Answer["usage"] | null;
  error?: { code: string; message: string };
}

const eventCharacters = 1_000_000;

/** @param onText called with each piece as it arrives */
export async function ask(
  { clock, shutdown }: CommandContext,
  baseUrl: string,
  model: string,
  question: string,
  onText: (text: string) => void,
): Promise<Answer> {
  const begun = clock.monotonic();
  const body = {
    model,
    messages: [{ role: "user", content: question }],
    stream: true,
    stream_options: { include_usage: true },
    temperature: 0,
  };
  const response = await request(`${baseUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: shutdown,
  });
  if (response.statusCode !== 200) throw refusalOf(await response.body.text());

  const reader = createEventReader(eventCharacters);
  const decoder = new TextDecoder();
  const answer: Answer = {
    text: "",
    node: String(response.headers[headers.node] ?? ""),
    usage: { prompt_tokens: 0, completion_tokens: 0 },
    firstTokenMs: 0,
  };
  let isDone = false;
  for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
    for (const data of reader.push(decoder.decode(bytes, { stream: true }))) {
      if (data === "[DONE]") isDone = true;
      else take(JSON.parse(data) as Chunk);
    }
  }
  if (!isDone) throw new TroopError("stream_truncated");
  return answer;

  function take({ choices, usage, error }: Chunk): void {
    if (error)
      throw new TroopError(isErrorCode(error.code) ? error.code : "internal_error", error.message);
    const text = choices[0]?.delta?.content ?? "";
    if (text && !answer.text) answer.firstTokenMs = Math.round(clock.monotonic() - begun);
    answer.text += text;
    if (text) onText(text);
    if (usage)
      answer.usage = {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
      };
  }
}

function refusalOf(text: string): TroopError {
  const parsed = errorAnswer.safeParse(JSON.parse(text));
  const code = parsed.data?.error.code;
  return new TroopError(isErrorCode(code) ? code : "internal_error", parsed.data?.error.message);
}
