/** `POST /v1/completions` */
import type { FastifyInstance } from "fastify";
import { completionDialect } from "../dialects/completion.ts";
import { type GenerationParts, generationRoute } from "./generation.ts";

export function completionsRoute(app: FastifyInstance, parts: GenerationParts): void {
  const path = "/v1/completions";
  app.post(path, generationRoute(parts, completionDialect, path));
}
