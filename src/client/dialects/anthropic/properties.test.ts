/** What holds of every answer and every conversation in Anthropic's Messages API. */
import type { ContentBlock } from "@anthropic-ai/sdk/resources/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatDelta } from "../chat-chunk.ts";
import type { ChatMessage } from "./chat-message.ts";
import { createMessagesTeller, type MessagesEvent } from "./teller.ts";
import { readMessagesRequest } from "./to-chat.ts";

const usage = { prompt_tokens: 1, completion_tokens: 1 };

function tell(deltas: readonly ChatDelta[]) {
  const teller = createMessagesTeller({ id: "msg_1", model: "m", estimatedTokens: 1 });
  const events = deltas.flatMap((delta) =>
    teller.add({
      ...{ id: "c", object: "chat.completion.chunk", created: 0, model: "m" },
      choices: [{ index: 0, delta, finish_reason: null }],
    }),
  );
  events.push(...teller.end({ reason: "stop", usage }));
  return { events, content: (teller.whole() as { content: ContentBlock[] }).content };
}

/** As an application puts them together that holds one block at a time. */
function joined(events: readonly MessagesEvent[]): ContentBlock[] {
  const blocks: ContentBlock[] = [];
  let open: { block: ContentBlock; text: string } | undefined;
  for (const event of events) {
    if (event.type === "content_block_start") {
      expect(open).toBeUndefined();
      expect(event.index).toBe(blocks.length);
      open = { block: event.content_block, text: "" };
    } else if (event.type === "content_block_delta") {
      expect(event.index).toBe(blocks.length);
      const { delta } = event;
      if (delta.type === "text_delta") open!.text += delta.text;
      else if (delta.type === "thinking_delta") open!.text += delta.thinking;
      else if (delta.type === "input_json_delta") open!.text += delta.partial_json;
    } else if (event.type === "content_block_stop") {
      blocks.push(closed(open!));
      open = undefined;
    }
  }
  expect(open).toBeUndefined();
  return blocks;
}

function closed({ block, text }: { block: ContentBlock; text: string }): ContentBlock {
  if (block.type === "text") return { ...block, text };
  if (block.type === "thinking") return { ...block, thinking: text, signature: "unsigned" };
  if (block.type === "tool_use")
    return { ...block, input: text === "" ? {} : (JSON.parse(text) as unknown) };
  throw new Error(`A block of type ${block.type} is none of ours.`);
}

const unicode = fc.string({ unit: "binary" });
/** Names and numbers as JSON has them: without `__proto__`, and without a negative zero. */
const input = fc
  .dictionary(
    fc.string().filter((key) => key !== "__proto__"),
    fc.jsonValue(),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as object);
const calls = fc.array(
  fc.record({ name: fc.string({ minLength: 1 }), input, cut: fc.nat(20), isEmpty: fc.boolean() }),
  { maxLength: 4 },
);

/** The fragments of each call in their order, and all of them and the texts between one another in any. */
const interleaved = fc
  .record({
    calls,
    texts: fc.array(
      fc.oneof(fc.record({ content: unicode }), fc.record({ reasoning_content: unicode })),
    ),
    order: fc.infiniteStream(fc.nat(7)),
  })
  .map(({ calls: said, texts, order }) => {
    const lanes: ChatDelta[][] = said.map((call, index) => fragmentsOf(call, index));
    lanes.push([...texts]);
    const deltas: ChatDelta[] = [];
    // A call begins before the next one does: its index is its place.
    const begun = new Set<number>();
    for (const pick of order) {
      const left = lanes.flatMap((lane, at) => (lane.length > 0 ? [at] : []));
      const free = left.filter(
        (at) => at === lanes.length - 1 || at === 0 || begun.has(at) || begun.has(at - 1),
      );
      if (free.length === 0) break;
      const at = free[pick % free.length]!;
      begun.add(at);
      deltas.push(lanes[at]!.shift()!);
    }
    return { said, deltas };
  });

function fragmentsOf(
  call: { name: string; input: object; cut: number; isEmpty: boolean },
  index: number,
): ChatDelta[] {
  const json = call.isEmpty ? "" : JSON.stringify(call.input);
  const begin = {
    ...{ index, id: `call_${index}`, type: "function" as const },
    function: { name: call.name, arguments: json.slice(0, call.cut) },
  };
  const rest = { index, function: { arguments: json.slice(call.cut) } };
  return [{ tool_calls: [begin] }, { tool_calls: [rest] }];
}

test("blocks come one after the other, and amount to the whole message, however an engine mixes them", () => {
  fc.assert(
    fc.property(interleaved, ({ said, deltas }) => {
      const { events, content } = tell(deltas);
      expect(joined(events)).toEqual(content);
      const told = content.filter((block) => block.type === "tool_use");
      expect(told.map(({ id, name, input: given }) => ({ id, name, input: given }))).toEqual(
        said.map((call, index) => ({
          ...{ id: `call_${index}`, name: call.name, input: call.isEmpty ? {} : call.input },
        })),
      );
      expect(events.at(0)?.type).toBe("message_start");
      expect(events.at(-1)?.type).toBe("message_stop");
    }),
  );
});

test("what was told comes back as it was said", () => {
  fc.assert(
    fc.property(interleaved, ({ said, deltas }) => {
      const { content } = tell(deltas);
      const { candidate } = readMessagesRequest({
        ...{ model: "m", messages: [{ role: "user", content: "?" }] },
        messages: [
          { role: "user", content: "?" },
          { role: "assistant", content },
        ],
      });
      const back = (candidate["messages"] as ChatMessage[])[1] as Extract<
        ChatMessage,
        { role: "assistant" }
      >;
      const spoken = deltas.map((delta) => delta.content ?? "").join("");
      const withoutSpace = (text: string) => text.replace(/\s/g, "");
      expect(withoutSpace(back.content ?? "")).toBe(withoutSpace(spoken));
      expect(
        (back.tool_calls ?? []).map(({ function: called }) => ({
          name: called.name,
          input: JSON.parse(called.arguments) as unknown,
        })),
      ).toEqual(said.map((call) => ({ name: call.name, input: call.isEmpty ? {} : call.input })));
    }),
  );
});

const block = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text: unicode }),
  fc.record({
    ...{ type: fc.constant("tool_use" as const), id: fc.uuid(), name: fc.string(), input },
  }),
);
const turn = fc.record({
  assistant: fc.array(block, { minLength: 1 }),
  user: fc.array(fc.record({ type: fc.constant("text" as const), text: unicode }), {
    minLength: 1,
  }),
});

test("a conversation keeps its words, its calls, their results, and their order", () => {
  fc.assert(
    fc.property(unicode, fc.array(turn, { maxLength: 5 }), (first, turns) => {
      const messages = turns.flatMap(({ assistant, user }) => {
        const results = assistant.flatMap((said) =>
          said.type === "tool_use"
            ? [{ type: "tool_result", tool_use_id: said.id, content: said.name }]
            : [],
        );
        return [
          { role: "assistant", content: assistant },
          { role: "user", content: [...user, ...results] },
        ];
      });
      const request = { model: "m", messages: [{ role: "user", content: first }, ...messages] };
      const expected = turns.flatMap(({ assistant, user }) => {
        const used = assistant.filter((said) => said.type === "tool_use");
        const text = assistant.map((said) => (said.type === "text" ? said.text : "")).join("");
        return [
          [text, ...used.map(({ id, name, input: given }) => [id, name, given])],
          ...used.map(({ id, name }) => [id, name]),
          [user.map((said) => said.text).join("\n")],
        ];
      });
      const read = readMessagesRequest(request).candidate["messages"] as ChatMessage[];
      expect(read.map(plain)).toEqual([[first], ...expected]);
    }),
  );
});

function plain(message: ChatMessage): unknown[] {
  if (message.role === "tool") return [message.tool_call_id, message.content];
  if (message.role !== "assistant") return [message.content];
  const calls = (message.tool_calls ?? []).map(({ id, function: called }) => [
    ...[id, called.name, JSON.parse(called.arguments) as unknown],
  ]);
  return [message.content ?? "", ...calls];
}
