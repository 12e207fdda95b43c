/** One answer of the local API, streamed as any application would have it. */
import { request } from "undici";
import { errorAnswer } from "../protocol/endpoints.ts";
import { isErrorCode, TroopError } from "../protocol/error-codes.ts";
import { createEventReader } from "../protocol/sse.ts";
import { headers } from "../protocol/version.ts";

export interface ChatAnswer {
  text: string;
  /** What answered: another name than was asked for where that stands for several. */
  model: string;
  node: string;
  prompt_tokens: number;
  completion_tokens: number;
  /** Credits. */
  cost: string;
}

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface ChatQuestion {
  /** The sidecar's, without a trailing slash. */
  url: string;
  key: string | undefined;
  model: string;
  messages: readonly Message[];
  /** 0 says the same each time; without it the engine's own. */
  temperature?: number;
  max_tokens?: number;
  /** Node ids that may answer. */
  troop?: { only: readonly string[] };
}

interface Chunk {
  model?: string;
  choices: { delta?: { content?: string | null; reasoning_content?: string | null } }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  error?: { code: string; message: string };
}

/** Told of the pieces as they come. */
export interface Listener {
  text(piece: string): void;
  /** What a model thinks aloud before it answers. */
  thought(piece: string): void;
  /** Nothing to tell yet: every node is busy, or one reads a long question or loads its model. Every ten seconds. */
  waiting?(): void;
}

const eventCharacters = 1_024 * 1_024;
const keepAlive = /^: keep-alive$/m;
const costComment = new RegExp(`^: ${headers.cost} (\\S+)$`, "m");

/** @throws TroopError the sidecar's refusal, `stream_truncated`, `client_not_running`; `signal`'s reason */
export async function streamAnswer(
  { url, key, ...question }: ChatQuestion,
  listener: Listener,
  signal: AbortSignal,
): Promise<ChatAnswer> {
  const body = { ...question, stream: true, stream_options: { include_usage: true } };
  const response = await request(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
    // The sidecar says that it waits; what it cannot know of is its own end.
    ...{ bodyTimeout: 0, headersTimeout: 0, signal },
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new TroopError("client_not_running", `No local API answers at ${url}.`, { cause: error });
  });
  if (response.statusCode !== 200) throw refusalOf(await response.body.text());

  const reader = createEventReader(eventCharacters);
  const decoder = new TextDecoder();
  const node = String(response.headers[headers.node] ?? "");
  const answer = {
    text: "",
    model: question.model,
    node,
    prompt_tokens: 0,
    completion_tokens: 0,
    cost: "",
  };
  let isDone = false;
  for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
    const arrived = decoder.decode(bytes, { stream: true });
    if (keepAlive.test(arrived)) listener.waiting?.();
    answer.cost = costComment.exec(arrived)?.[1] ?? answer.cost;
    for (const data of reader.push(arrived)) {
      if (data === "[DONE]") isDone = true;
      else take(JSON.parse(data) as Chunk);
    }
  }
  if (!isDone) throw new TroopError("stream_truncated");
  return answer;

  function take({ choices, usage, error, model: answering }: Chunk): void {
    if (error) throw asTroopError(error.code, error.message);
    const { content, reasoning_content: thought } = choices[0]?.delta ?? {};
    answer.model = answering ?? answer.model;
    if (thought) listener.thought(thought);
    if (content) {
      answer.text += content;
      listener.text(content);
    }
    if (!usage) return;
    answer.prompt_tokens = usage.prompt_tokens;
    answer.completion_tokens = usage.completion_tokens;
  }
}

const asTroopError = (code: string | undefined, message: string | undefined) =>
  new TroopError(isErrorCode(code) ? code : "internal_error", message);

function refusalOf(text: string): TroopError {
  try {
    const { error } = errorAnswer.parse(JSON.parse(text));
    return asTroopError(error.code, error.message);
  } catch {
    return new TroopError("internal_error", "The local API's answer is not understood.");
  }
}
