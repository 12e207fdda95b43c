/** Log probabilities of tokens: as chats have them, as the resource has them, and as its events do. Pure. */
import type { ResponseOutputText } from "openai/resources/responses/responses";
import { z } from "zod";

export type Logprob = ResponseOutputText.Logprob;

const token = { token: z.string(), logprob: z.number(), bytes: z.array(z.number()).nullish() };
const content = z.array(z.object({ ...token, top_logprobs: z.array(z.object(token)).nullish() }));

/** @param logprobs of a chat's chunk; engines differ, and what is not understood is none */
export function readLogprobs(logprobs: unknown): Logprob[] {
  if (typeof logprobs !== "object" || logprobs === null) return [];
  const parsed = content.safeParse((logprobs as { content?: unknown }).content);
  if (!parsed.success) return [];
  return parsed.data.map(({ top_logprobs: top, ...first }) => ({
    ...withBytes(first),
    top_logprobs: (top ?? []).map(withBytes),
  }));
}

interface Token {
  token: string;
  logprob: number;
  bytes?: number[] | null | undefined;
}

const withBytes = ({ token: text, logprob, bytes }: Token) => ({
  token: text,
  logprob,
  bytes: bytes ?? [...Buffer.from(text, "utf8")],
});

/** Events leave the bytes out. */
export const deltaLogprobs = (logprobs: readonly Logprob[]) =>
  logprobs.map(({ token: text, logprob, top_logprobs: top }) => ({
    token: text,
    logprob,
    top_logprobs: top.map((other) => ({ token: other.token, logprob: other.logprob })),
  }));
