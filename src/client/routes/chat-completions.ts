/** `POST /v1/chat/completions` */
import type { FastifyInstance } from "fastify";
import { chatDialect } from "../dialects/chat.ts";
import { type GenerationParts, generationRoute } from "./generation.ts";

export function chatCompletionsRoute(app: FastifyInstance, parts: GenerationParts): void {
  const path = "/v1/chat/completions";
  app.post(path, generationRoute(parts, chatDialect, path));
}
