/** Joins the chunks of a chat completion to one object. */
import { type AnswerFold, type Identity, withTotal } from "./answer-shape.ts";
import type { ChatChunk } from "./chat-chunk.ts";
import type { ToolDelta } from "./tool-calls.ts";

interface FoldedCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

export function createChatFold({ id, created, model }: Identity): AnswerFold<ChatChunk> {
  let content = "";
  let refusal = "";
  let reasoning = "";
  let finish: string | null = null;
  const calls: FoldedCall[] = [];
  const logprobs: unknown[] = [];

  function addCall({ index, id: callId, function: called }: ToolDelta) {
    const call = (calls[index] ??= {
      id: callId ?? "",
      type: "function",
      function: { name: called.name ?? "", arguments: "" },
    });
    call.function.arguments += called.arguments;
  }

  return {
    add({ choices: [choice] }) {
      if (!choice) return;
      const { delta } = choice;
      content += delta.content ?? "";
      refusal += delta.refusal ?? "";
      reasoning += delta.reasoning_content ?? "";
      for (const call of delta.tool_calls ?? []) addCall(call);
      for (const each of contentOf(choice.logprobs)) logprobs.push(each);
      finish = choice.finish_reason ?? finish;
    },
    whole: (usage) => ({
      id,
      object: "chat.completion",
      created,
      model,
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            // A message that only calls tools has no content, as OpenAI says it.
            content: content === "" && calls.length > 0 ? null : content,
            refusal: refusal === "" ? null : refusal,
            ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
            ...(calls.length > 0 ? { tool_calls: calls } : {}),
          },
          logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
          finish_reason: finish,
        },
      ],
      usage: withTotal(usage),
    }),
  };
}

function contentOf(logprobs: unknown): unknown[] {
  const content = (logprobs as { content?: unknown } | null | undefined)?.content;
  return Array.isArray(content) ? content : [];
}
