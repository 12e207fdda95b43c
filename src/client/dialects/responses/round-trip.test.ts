/** Properties of any answer: however it is cut up it comes to the same, and sent back it is the chat that it was. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectOrder } from "../../../../test/support/response-order.ts";
import type { ChatMessage } from "./chat-of.ts";
import { chatOf } from "./chat-of.ts";
import type { ResponseResource } from "./items.ts";
import { readResponsesRequest, resolveReferences } from "./request.ts";
import { countingIds, type Piece, stop, tellAnswer } from "./telling.fixture.ts";

const tools = [
  { type: "function", name: "f", parameters: {} },
  { type: "custom", name: "patch" },
  { type: "local_shell" },
  { type: "namespace", name: "ns", description: "", tools: [{ type: "function", name: "g" }] },
];

/** What is cut at its spaces, quotes and escapes as often as anywhere else. */
const unit = fc.oneof(
  fc.constantFrom("a", " ", "\n", '"', "\\", "{", "}", "😀"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);
const text = fc.string({ unit, minLength: 1, maxLength: 20 });
const call = fc.oneof(
  fc.record({ name: fc.constantFrom("f", "ns__g"), arguments: fc.json().map((a) => `{"a":${a}}`) }),
  text.map((input) => ({ name: "patch", arguments: JSON.stringify({ input }) })),
  fc.array(text, { minLength: 1, maxLength: 3 }).map((command) => ({
    name: "local_shell",
    arguments: JSON.stringify({ command }),
  })),
);
/** One turn of a model as a chat has it. */
const turn = fc
  .record({
    thoughts: fc.option(text, { nil: "" }),
    words: fc.option(text, { nil: "" }),
    calls: fc.array(call, { maxLength: 3 }),
  })
  .filter(({ thoughts, words, calls }) => thoughts !== "" || words !== "" || calls.length > 0);
type Turn = ReturnType<typeof turn.generate>["value"];

/** Cuts of a text, as shares of its length. */
const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });

function cut(whole: string, where: readonly number[]): string[] {
  const places = where.map((share) => Math.floor(share * whole.length)).toSorted((a, b) => a - b);
  return [...places, whole.length]
    .map((place, at) => whole.slice(places[at - 1] ?? 0, place))
    .filter((piece) => piece !== "");
}

const begin = (index: number, name: string, first: string): Piece => ({
  tool_calls: [
    { index, id: `call_${index}`, type: "function", function: { name, arguments: first } },
  ],
});
const goOn = (index: number, fragment: string): Piece => ({
  tool_calls: [{ index, function: { arguments: fragment } }],
});

/** @param isMixed whether the arguments of the calls come by turns */
function piecesOf(
  { thoughts, words, calls }: Turn,
  where: readonly number[],
  isMixed: boolean,
): Piece[] {
  const fragments = calls.map((made) => cut(made.arguments, where));
  const ofCalls = isMixed
    ? [
        ...calls.map(({ name }, index) => begin(index, name, "")),
        ...Array.from({ length: 8 }, (_, at) =>
          fragments.flatMap((list, index) =>
            list[at] === undefined ? [] : [goOn(index, list[at])],
          ),
        ).flat(),
      ]
    : calls.flatMap(({ name }, index) => [
        begin(index, name, ""),
        ...fragments[index]!.map((fragment) => goOn(index, fragment)),
      ]);
  return [
    ...cut(thoughts, where).map((reasoning_content) => ({ reasoning_content })),
    ...cut(words, where).map((content) => ({ content })),
    ...ofCalls,
  ];
}

test("an answer comes to the same resource however it is cut up, and its deltas to what is done", () => {
  fc.assert(
    fc.property(turn, shares, fc.boolean(), fc.boolean(), (said, where, isMixed, isSummary) => {
      const body = {
        model: "toy",
        input: "Hi.",
        tools,
        ...(isSummary ? { reasoning: { summary: "auto" } } : {}),
      };
      const whole = tellAnswer(body, piecesOf(said, [], false)).whole;
      const told = tellAnswer(body, piecesOf(said, where, isMixed));
      expect(told.whole).toEqual(whole);
      expect(expectOrder(told.events)).toEqual(whole);
    }),
  );
});

/** What an application sends back of a turn; some keep nothing of thoughts but what they cannot read. */
function sentBack({ output }: ResponseResource, dropsThoughts: boolean): object[] {
  return output.map((item) => {
    if (item.type !== "reasoning" || !dropsThoughts) return item;
    const { content: _content, ...rest } = item;
    return rest;
  });
}

const outputType = (name: string) =>
  name === "patch" ? "custom_tool_call_output" : "function_call_output";

const conversation = fc.array(
  fc.record({
    question: text,
    turns: fc.array(turn, { minLength: 1, maxLength: 3 }),
    result: text,
  }),
  {
    minLength: 1,
    maxLength: 3,
  },
);

test("a conversation that is sent back is the chat that it was", () => {
  fc.assert(
    fc.property(conversation, fc.boolean(), (exchanges, dropsThoughts) => {
      const input: object[] = [];
      const expected: ChatMessage[] = [{ role: "system", content: "Rules." }];
      for (const { question, turns, result } of exchanges) {
        input.push({ role: "user", content: question });
        expected.push({ role: "user", content: question });
        // Between two turns of a model there is somebody else's.
        for (const said of turns.filter(
          ({ calls }, at) => calls.length > 0 || at === turns.length - 1,
        )) {
          const { whole } = tellAnswer(
            { model: "toy", input: "", tools, store: false },
            piecesOf(said, [], false),
            stop,
          );
          input.push(...sentBack(whole, dropsThoughts));
          expected.push(messageOf(said));
          for (const [index, { name }] of said.calls.entries()) {
            input.push({ type: outputType(name), call_id: `call_${index}`, output: result });
            expected.push({ role: "tool", tool_call_id: `call_${index}`, content: result });
          }
        }
      }
      const request = readResponsesRequest(
        { model: "toy", instructions: "Rules.", input },
        countingIds(),
      );
      expect(request.ignored).toEqual([]);
      const { messages } = chatOf(
        resolveReferences(request, () => undefined),
        [],
      ) as { messages: ChatMessage[] };
      expect(messages).toEqual(expected);
    }),
  );
});

function messageOf({ thoughts, words, calls }: Turn): ChatMessage {
  return {
    role: "assistant",
    content: words !== "" ? words : calls.length > 0 ? null : "",
    ...(thoughts === "" ? {} : { reasoning_content: thoughts }),
    ...(calls.length > 0
      ? {
          tool_calls: calls.map((made, index) => ({
            id: `call_${index}`,
            type: "function" as const,
            function: made,
          })),
        }
      : {}),
  };
}
