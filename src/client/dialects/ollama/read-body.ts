/** Reads a body of Ollama's API: what is understood as values, what is not by name. Pure. */
import type { z } from "zod";
import { readPart } from "../read-part.ts";

export interface ReadBody<Fields> {
  fields: Fields;
  /** Names of what was left out; within others, as `options.num_ctx`. */
  ignored: Set<string>;
}

/** @throws TroopError `invalid_value` with the name that Ollama's API has for the parameter */
export function readBodyAs<Fields>(schema: z.ZodType<Fields>, body: unknown): ReadBody<Fields> {
  const ignored = new Set<string>();
  return { fields: readPart(schema, body, "", ignored), ignored };
}
