/** Embeddings as OpenAI's API shapes them, in the form that the application asked for whichever the engine gave. Pure. */
import { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import { type Usage, usageSchema, withTotal } from "./answer-shape.ts";

const answerSchema = z.looseObject({
  data: z.array(z.looseObject({ embedding: z.union([z.array(z.number()), z.string()]) })),
  usage: usageSchema.optional().catch(undefined),
});

export type EmbeddingForm = "float" | "base64";

/**
 * @param answer the engine's JSON
 * @param counted the line's count, for an engine that gave none
 * @throws TroopError `engine_error` for what is no list of embeddings
 */
export function shapeEmbeddings(
  answer: unknown,
  model: string,
  form: EmbeddingForm,
  counted: Usage,
): object {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw new TroopError("engine_error", undefined, { cause: parsed.error });
  const { prompt_tokens, total_tokens } = withTotal(parsed.data.usage ?? counted);
  return {
    object: "list",
    data: parsed.data.data.map(({ embedding }, index) => ({
      object: "embedding",
      index,
      embedding: convert(embedding, form),
    })),
    model,
    usage: { prompt_tokens, total_tokens },
  };
}

/** Base64 is of little-endian 32-bit floats: what the OpenAI SDKs ask for unless told otherwise. */
function convert(embedding: number[] | string, form: EmbeddingForm): number[] | string {
  if (form === "base64") return typeof embedding === "string" ? embedding : toBase64(embedding);
  return typeof embedding === "string" ? fromBase64(embedding) : embedding;
}

function toBase64(numbers: readonly number[]): string {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeFloatLE(number, index * 4);
  return bytes.toString("base64");
}

function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % 4 !== 0) throw new TroopError("engine_error");
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
