/** Chat completions as OpenAI's API shapes them, from the events of whichever engine. */
import { z } from "zod";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import {
  type AnswerShape,
  type Dialect,
  type FinishReason,
  type Identity,
  readFinishReason,
  usageSchema,
  utf8Bytes,
  withTotal,
} from "./answer-shape.ts";
import type { ChatChunk, ChatDelta } from "./chat-chunk.ts";
import { createChatFold } from "./chat-fold.ts";
import { createToolCalls, engineToolDelta } from "./tool-calls.ts";

const text = z.string().nullish();
const eventSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: z
          .looseObject({
            content: text,
            refusal: text,
            reasoning_content: text,
            /** The name that some engines give it. */
            reasoning: text,
            tool_calls: z.array(engineToolDelta).nullish(),
          })
          .nullish(),
        logprobs: z.unknown().optional(),
        finish_reason: z.unknown().optional(),
      }),
    )
    .nullish(),
  usage: z.unknown().optional(),
  error: z.unknown().optional(),
});

function createChatShape(identity: Identity, random: Random): AnswerShape<ChatChunk> {
  const calls = createToolCalls(random);
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
      const { choice, usage, error } = readEvent(event);
      const given = choice?.delta ?? {};
      const reasoning = given.reasoning_content || given.reasoning;
      const tools = (given.tool_calls ?? []).map(calls.read);
      const delta: ChatDelta = {
        ...(given.content ? { content: given.content } : {}),
        ...(given.refusal ? { refusal: given.refusal } : {}),
        ...(reasoning ? { reasoning_content: reasoning } : {}),
        ...(tools.length > 0 ? { tool_calls: tools } : {}),
      };
      const isNews = (choice && !hasRole) || Object.keys(delta).length > 0 || choice?.logprobs;
      return {
        chunk: isNews ? chunkOf(delta, choice?.logprobs, null) : undefined,
        textBytes: textBytesOf(delta),
        finish: readFinishReason(choice?.finish_reason),
        usage: usageSchema.safeParse(usage).data,
        isFailure: !!error,
      };
    },
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

function readEvent(event: unknown) {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) throw new TroopError("stream_truncated", undefined, { cause: parsed.error });
  const { choices, usage, error } = parsed.data;
  return { choice: choices?.[0], usage, error };
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
