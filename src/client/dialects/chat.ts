/** Chat completions as OpenAI's API shapes them, from the events of whichever engine. */
import type { Random } from "../../base/random.ts";
import {
  type AnswerShape,
  type Dialect,
  type FinishReason,
  type Identity,
  readFinishReason,
  readUsage,
  utf8Bytes,
  withTotal,
} from "./answer-shape.ts";
import type { ChatChunk, ChatDelta } from "./chat-chunk.ts";
import { readChatEvent } from "./chat-event.ts";
import { createChatFold } from "./chat-fold.ts";
import { createSeam } from "./seam.ts";
import { createToolCalls, idsOfCalls } from "./tool-calls.ts";

function createChatShape(
  identity: Identity,
  random: Random,
  asked: Readonly<Record<string, unknown>>,
): AnswerShape<ChatChunk> {
  const calls = createToolCalls(random, idsOfCalls(asked));
  const seam = createSeam();
  let hasRole = false;

  const chunkOf = (delta: ChatDelta, logprobs: unknown, finish: FinishReason | null): ChatChunk => {
    // Only the first chunk has a role: some SDKs join the roles of all chunks.
    const opening: ChatDelta = hasRole ? {} : { role: "assistant", content: "" };
    hasRole = true;
    return {
      id: identity.id,
      object: "chat.completion.chunk",
      created: identity.created,
      model: identity.model,
      choices: [
        {
          index: 0,
          delta: { ...opening, ...delta },
          ...(logprobs ? { logprobs } : {}),
          finish_reason: finish,
        },
      ],
    };
  };

  return {
    read(event) {
      const read = readChatEvent(event);
      const { isChoice, refusal, reasoning, logprobs } = read;
      const content = seam.pass(read.content);
      const tools = read.tools.flatMap((tool) => calls.read(tool) ?? []);
      const delta: ChatDelta = {
        ...(content ? { content } : {}),
        ...(refusal ? { refusal } : {}),
        ...(reasoning ? { reasoning_content: reasoning } : {}),
        ...(tools.length > 0 ? { tool_calls: tools } : {}),
      };
      const isNews = (isChoice && !hasRole) || Object.keys(delta).length > 0 || logprobs;
      return {
        chunk: isNews ? chunkOf(delta, logprobs, null) : undefined,
        textBytes: textBytesOf(delta) + read.content.length - content.length,
        text: refusal || reasoning || tools.length > 0 || logprobs ? undefined : content,
        finish: readFinishReason(read.finish),
        usage: readUsage(read.usage),
        isFailure: !!read.error,
      };
    },
    goOn: seam.expect,
    // Some engines say "stop" when they mean that they wait for a tool's result.
    finishChunk: (reason) =>
      chunkOf({}, undefined, calls.count > 0 && reason === "stop" ? "tool_calls" : reason),
    usageChunk: (usage) => ({
      ...chunkOf({}, undefined, null),
      choices: [],
      usage: withTotal(usage),
    }),
  };
}

function textBytesOf({ content, refusal, reasoning_content, tool_calls }: ChatDelta): number {
  let joined = (content ?? "") + (refusal ?? "") + (reasoning_content ?? "");
  for (const { function: called } of tool_calls ?? [])
    joined += (called.name ?? "") + called.arguments;
  return utf8Bytes(joined);
}

export const chatDialect: Dialect<ChatChunk> = {
  idPrefix: "chatcmpl-",
  createShape: createChatShape,
  createFold: createChatFold,
};
