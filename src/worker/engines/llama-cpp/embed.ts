/** Answers `/v1/embeddings`, one text after the other: the library computes one vector at a time. */
import { TroopError } from "../../../protocol/error-codes.ts";
import { assertFits } from "./generate.ts";
import type { LoadedEngine } from "./load.ts";
import type { EmbeddingRequest } from "./requests.ts";

/** OpenAI's base64 form: little-endian 32-bit floats. */
const toBase64 = (vector: readonly number[]): string =>
  Buffer.from(Float32Array.from(vector).buffer).toString("base64");

export async function embed({ embedding, info }: LoadedEngine, request: EmbeddingRequest) {
  if (!embedding)
    throw new TroopError(
      "unsupported_parameter",
      `${info.name} generates text and makes no embeddings. Load a model made for them.`,
    );
  const texts = typeof request.input === "string" ? [request.input] : request.input;
  const data = [];
  let promptTokens = 0;
  for (const [index, text] of texts.entries()) {
    const tokens = embedding.calculateInputLength(text);
    assertFits(tokens, info.contextLength);
    promptTokens += tokens;
    const { vector } = await embedding.getEmbeddingFor(text);
    const value = request.encoding_format === "base64" ? toBase64(vector) : vector;
    data.push({ object: "embedding", index, embedding: value });
  }
  return {
    object: "list",
    data,
    model: info.name,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}
