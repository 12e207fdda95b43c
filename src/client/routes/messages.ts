/** `POST /v1/messages` and `POST /v1/messages/count_tokens`: Anthropic's Messages API, which Claude Code speaks. */
import type { FastifyInstance } from "fastify";
import type { Random } from "../../base/random.ts";
import { estimateTokens } from "../dialects/anthropic/estimate.ts";
import { messagesWords } from "../dialects/anthropic/own-words.ts";
import { createMessagesTeller, messagesWire } from "../dialects/anthropic/teller.ts";
import { readMessagesRequest } from "../dialects/anthropic/to-chat.ts";
import { inOwnWords } from "../dialects/own-words.ts";
import { noteIgnored, readBody } from "../http/exchange.ts";
import type { GenerationParts } from "./generation.ts";
import { tell } from "./tell.ts";

export function messagesRoutes(
  app: FastifyInstance,
  parts: GenerationParts & { random: Random },
): void {
  const { exchanges, readRequest, random } = parts;

  app.post("/v1/messages", async (request, reply) => {
    const body = readBody(request);
    await exchanges.answer(request, reply, async (response, signal) => {
      const { candidate, isStream, ignored } = readMessagesRequest(body);
      const { application } = request;
      const path = "/v1/chat/completions";
      const wanted = await readRequest(path, candidate, signal, application).catch(
        (error: unknown) => {
          throw inOwnWords(messagesWords, error);
        },
      );
      noteIgnored(response, [...ignored, ...wanted.ignored]);
      const identity = {
        id: `msg_${random.uuid().replaceAll("-", "")}`,
        model: wanted.model,
        estimatedTokens: estimateTokens(wanted.fields),
      };
      const told = {
        ...{ wanted, isStream, wire: messagesWire },
        createTeller: () => createMessagesTeller(identity),
      };
      await tell(parts, told, response, request.id, signal);
    });
  });

  // Without asking anybody: a node would have to load the model, and be paid, for what is an estimate at best.
  app.post("/v1/messages/count_tokens", (request) => {
    const { candidate } = readMessagesRequest(readBody(request));
    return { input_tokens: estimateTokens(candidate) };
  });
}
