/** Plain completions told as chats are: for requests of Ollama's API that no chat can carry. */
import type { Dialect } from "../answer-shape.ts";
import { chatDialect } from "../chat.ts";
import type { ChatChunk } from "../chat-chunk.ts";
import { type CompletionChunk, completionDialect } from "../completion.ts";

const asChat = ({ id, created, model, choices }: CompletionChunk): ChatChunk => ({
  ...{ id, created, model, object: "chat.completion.chunk" },
  choices: choices.map(({ index, text, finish_reason }) => ({
    ...{ index, finish_reason, delta: { content: text } },
  })),
});

export const plainCompletionDialect: Dialect<ChatChunk> = {
  ...chatDialect,
  createShape(...parts) {
    const shape = completionDialect.createShape(...parts);
    return {
      ...shape,
      read(event) {
        const { chunk, ...reading } = shape.read(event);
        return { ...reading, chunk: chunk && asChat(chunk) };
      },
      finishChunk: (reason) => asChat(shape.finishChunk(reason)),
    };
  },
};
