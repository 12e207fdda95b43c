/** Embeddings as Ollama's API asks for and shapes them: the newer way many at once, the older one. Pure. */
import { z } from "zod";
import { TroopError } from "../../../protocol/error-codes.ts";
import { type Usage, withTotal } from "../answer-shape.ts";
import { shapeEmbeddings } from "../embedding.ts";
import { readBodyAs } from "./read-body.ts";

const embedSchema = z.object({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  dimensions: z.int().nullish(),
  troop: z.unknown().optional(),
});
const oldSchema = z.object({ model: z.string(), prompt: z.string().nullish() });

export interface EmbeddingWish {
  model: string;
  ignored: ReadonlySet<string>;
  /** Nothing to embed: the model is only to be made ready. */
  isEmpty: boolean;
  candidate: Record<string, unknown>;
}

/** `POST /api/embed`. @throws TroopError `invalid_value` */
export function readEmbed(body: unknown): EmbeddingWish {
  const { fields, ignored } = readBodyAs(embedSchema, body);
  const { model, input, dimensions, troop } = fields;
  return {
    model,
    ignored,
    isEmpty: input.length === 0,
    candidate: { input, ...(dimensions ? { dimensions } : {}), ...(troop ? { troop } : {}) },
  };
}

/** `POST /api/embeddings`. @throws TroopError `invalid_value` */
export function readOldEmbeddings(body: unknown): EmbeddingWish {
  const { fields, ignored } = readBodyAs(oldSchema, body);
  const { model, prompt } = fields;
  return { model, ignored, isEmpty: !prompt, candidate: { input: prompt } };
}

/** @throws TroopError `engine_error` */
export function vectorsOf(answer: unknown, model: string, counted: Usage) {
  const shaped = shapeEmbeddings(answer, model, "float", counted) as {
    data: { embedding: number[] }[];
    usage: Usage;
  };
  const vectors = shaped.data.map(({ embedding }) => embedding);
  if (vectors.length === 0) throw new TroopError("engine_error");
  return { vectors, promptTokens: withTotal(shaped.usage).prompt_tokens };
}

/** To length one: what `/api/embed` promises, and not every engine does. */
export function unitVector(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((number) => number / length) : [...vector];
}
