/** Reads what engines answer: unknown fields are theirs, missing or odd ones are an `engine_error` with a name. */
import type { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";

export function readAnswer<Shape extends z.ZodType>(
  schema: Shape,
  body: unknown,
  what: string,
): z.infer<Shape> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new TroopError("engine_error", `The engine's ${what} is not of the documented shape.`, {
    cause: parsed.error,
  });
}
