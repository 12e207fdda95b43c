/** What holds of every conversation and every answer in Ollama's API. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatChunk, ChatDelta } from "../chat-chunk.ts";
import { chatMessagesOf } from "./messages.ts";
import { createOllamaTeller } from "./teller.ts";

const clock = { now: () => 0, monotonic: () => 0 };
const usage = { prompt_tokens: 1, completion_tokens: 1 };
const chunkOf = (delta: ChatDelta): ChatChunk => ({
  ...{ id: "c", object: "chat.completion.chunk", created: 0, model: "m" },
  choices: [{ index: 0, delta, finish_reason: null }],
});

interface Told {
  done: boolean;
  message: {
    content: string;
    thinking?: string;
    tool_calls?: { id: string; function: { name: string; arguments: object } }[];
  };
}

function tell(deltas: readonly ChatDelta[]) {
  const teller = createOllamaTeller({ form: "chat", model: "m", clock });
  const events = deltas.flatMap((delta) => teller.add(chunkOf(delta)));
  events.push(...teller.end({ reason: "stop", usage }));
  return { events: events as Told[], whole: teller.whole() as Told };
}

const joined = (events: readonly Told[], read: (told: Told) => string | undefined) =>
  events.map((told) => read(told) ?? "").join("");

const unicode = fc.string({ unit: "binary" });
const deltas = fc.array(
  fc.oneof<fc.Arbitrary<ChatDelta>[]>(
    fc.record({ content: unicode }),
    fc.record({ reasoning_content: unicode }),
    fc.record({ content: unicode, reasoning_content: unicode }),
  ),
);

test("what the lines say one after another is what the whole answer says", () => {
  fc.assert(
    fc.property(deltas, (said) => {
      const { events, whole } = tell(said);
      expect(joined(events, ({ message }) => message.content)).toBe(whole.message.content);
      expect(joined(events, ({ message }) => message.thinking)).toBe(whole.message.thinking ?? "");
      expect(whole.message.content).toBe(said.map((d) => d.content ?? "").join(""));
      expect(events.map(({ done }) => done).lastIndexOf(false)).toBe(events.length - 2);
    }),
  );
});

// Numbers as JSON has them: there is no negative zero in it.
const args = fc.dictionary(
  fc.string().filter((key) => key !== "__proto__"),
  fc
    .jsonValue({ noUnicodeString: false })
    .map((value) => JSON.parse(JSON.stringify(value)) as unknown),
);

test("calls of tools come out whole, wherever their arguments were cut and however they were mixed", () => {
  const call = fc.record({
    name: fc.string({ minLength: 1 }),
    args,
    size: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
      const fragments = calls.map(({ args: each, size }) =>
        JSON.stringify(each).match(new RegExp(`[^]{1,${size}}`, "g"))!,
      );
      const rounds = Math.max(...fragments.map(({ length }) => length));
      const mixed = Array.from({ length: rounds }, (_, round) =>
        fragments.flatMap((each, index): ChatDelta[] =>
          each[round] === undefined
            ? []
            : [{ tool_calls: [{ index, function: { arguments: each[round] } }] }],
        ),
      ).flat();
      const begun = calls.map(({ name }, index): ChatDelta => ({
        tool_calls: [
          { index, id: `c${index}`, type: "function", function: { name, arguments: "" } },
        ],
      }));
      const { whole } = tell([...begun, ...mixed]);
      expect(whole.message.tool_calls).toEqual(
        calls.map(({ name, args: given }, index) => ({
          ...{ id: `c${index}`, function: { index, name, arguments: given } },
        })),
      );
    }),
  );
});

interface ChatMessage {
  role: string;
  content: string;
  reasoning_content?: string;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

/** A question, an answer that calls some tools, and their results in whatever order. */
const turn = fc
  .record({
    question: unicode,
    thinking: fc.option(unicode, { nil: undefined }),
    calls: fc.array(fc.record({ name: fc.constantFrom("a", "b", "c"), arguments: args }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .chain(({ question, thinking, calls }) =>
    fc
      .shuffledSubarray(calls, { minLength: calls.length, maxLength: calls.length })
      .map((answered) => [
        { role: "user", content: question },
        {
          ...{ role: "assistant", content: "", ...(thinking ? { thinking } : {}) },
          tool_calls: calls.map((called) => ({ function: called })),
        },
        ...answered.map(({ name }) => ({ role: "tool", content: "done", tool_name: name })),
      ]),
  );

test("a conversation is the same in the other form, and each result answers one call of its tool", () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 4 }), (turns) => {
      const conversation = turns.flat();
      const chat = chatMessagesOf(conversation) as ChatMessage[];
      const back = chat.map(({ role, content, reasoning_content, tool_calls }) => ({
        ...{ role, content },
        ...(reasoning_content ? { thinking: reasoning_content } : {}),
        ...(tool_calls
          ? {
              tool_calls: tool_calls.map(({ function: { name, arguments: given } }) => ({
                function: { name, arguments: JSON.parse(given) as unknown },
              })),
            }
          : {}),
      }));
      expect(back).toEqual(
        conversation.map((message) => {
          const { tool_name: _name, ...rest } = message as typeof message & { tool_name?: string };
          return rest;
        }),
      );
      const called = chat.flatMap(({ tool_calls = [] }) => tool_calls);
      const answered = chat.flatMap(({ tool_call_id }) => tool_call_id ?? []);
      expect(new Set(called.map(({ id }) => id)).size).toBe(called.length);
      expect(answered.toSorted()).toEqual(called.map(({ id }) => id).toSorted());
      const nameOf = new Map(called.map(({ id, function: { name } }) => [id, name]));
      for (const [at, { tool_call_id }] of chat.entries())
        if (tool_call_id)
          expect(nameOf.get(tool_call_id)).toBe(
            (conversation[at] as { tool_name?: string }).tool_name,
          );
    }),
  );
});
