/** The two judges of a stream of responses, judged: what is not OpenAI's is told from what is. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { ResponseEvent } from "../src/client/dialects/responses/items.ts";
import { expectEvent, expectPublished, expectResponse } from "./support/openai-schema.ts";
import { expectOrder } from "./support/response-order.ts";

function eventsOf(name: string): ResponseEvent[] {
  const file = new URL(`vectors/responses/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { events: ResponseEvent[] }).events;
}

beforeAll(() => expectPublished("ResponseStatus", "queued"), 60_000);

const delta = {
  type: "response.output_text.delta",
  ...{ item_id: "msg_1", output_index: 0, content_index: 0, sequence_number: 4 },
  ...{ delta: "a", logprobs: [] },
};

describe("an event", () => {
  test("of OpenAI's is taken", () => expectEvent(delta));

  test.each([
    ["a member is missing", { logprobs: undefined }, /logprobs/],
    ["a member is one too many", { obfuscation: "xyz" }, /obfuscation/],
    ["a member is of another kind", { output_index: "0" }, /output_index must be number/],
    ["the type is made up", { type: "response.text.delta" }, /no event/],
    ["it is another API's", { type: "chat.completion.chunk" }, /no event/],
  ])("is refused where %s", (_what, change, complaint) => {
    const wrong = JSON.parse(JSON.stringify({ ...delta, ...change })) as object;
    expect(() => expectEvent(wrong)).toThrow(complaint);
  });

  test.each([
    ["a kind of item that there is not", { type: "thought", id: "x" }],
    ["an item without its status", { type: "function_call", name: "f", arguments: "" }],
    ["a message with a part of another item", messageWith({ type: "reasoning_text", text: "" })],
    ["a text without its annotations", messageWith({ type: "output_text", text: "" })],
  ])("is refused deep within: %s", (_what, item) => {
    const event = { type: "response.output_item.done", output_index: 0, sequence_number: 1, item };
    expect(() => expectEvent(event)).toThrow(/not OpenAI's ResponseOutputItemDoneEvent/);
  });
});

function messageWith(part: object) {
  return { type: "message", id: "msg_1", role: "assistant", status: "completed", content: [part] };
}

test.each([
  ["its object", { object: "chat.completion" }],
  ["its status", { status: "done" }],
  ["its usage", { usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } }],
  ["its reason", { incomplete_details: { reason: "length" } }],
  ["its error", { error: { code: "stream_truncated", message: "" } }],
  ["what only SDKs add", { output_text: "" }],
])("a resource is refused for %s", (_what, change) => {
  const { response } = eventsOf("text").at(-1) as { response: object };
  expectResponse(response);
  expect(() => expectResponse({ ...response, ...change })).toThrow(/not OpenAI's Response/);
});

describe("the order of a stream", () => {
  const text = eventsOf("text");
  const at = (type: string, events = text) => events.findIndex((event) => event.type === type);
  const renumbered = (events: readonly ResponseEvent[]) =>
    events.map((event, number) => ({ ...event, sequence_number: number }));
  const without = (type: string, events = text) =>
    renumbered(events.filter((_, index) => index !== at(type, events)));
  const swapped = (type: string) => {
    const events = [...text];
    const place = at(type);
    events.splice(place, 2, text[place + 1]!, text[place]!);
    return renumbered(events);
  };

  test("of OpenAI's is taken, also where the numbers go on from others", () => {
    const later = text.map((event) => ({ ...event, sequence_number: event.sequence_number + 5 }));
    expect(expectOrder(later, 5)).toMatchObject({ status: "completed" });
  });

  test.each([
    ["a number is left out", text.filter((_, index) => index !== 5), /gap/],
    ["it has no ending", text.slice(0, -1), /without an ending/],
    ["something follows the ending", renumbered([...text, text[2]!]), /after the end/],
    ["it does not begin", without("response.created"), /while the stream is new/],
    ["it is never in progress", without("response.in_progress"), /while the stream is created/],
    ["an item was not added", without("response.output_item.added"), /not open/],
    ["an item is not done", without("response.output_item.done"), /still open/],
    ["a part was not added", without("response.content_part.added"), /part is not open/],
    ["a part is not done", without("response.content_part.done"), /still open/],
    ["a text is not done", without("response.output_text.done"), /not done/],
    ["a delta is lost", without("response.output_text.delta"), /sum of its deltas/],
    ["a text is done before its last word", swapped("response.output_text.done"), /not done/],
    ["a failure is not told", without("error", eventsOf("failed")), /while the stream is running/],
    [
      "a call's arguments are not done",
      without("response.function_call_arguments.done", eventsOf("tools")),
      /input is not done/,
    ],
    [
      "the resource has other items",
      text.map((event) =>
        event.type === "response.completed"
          ? { ...event, response: { ...event.response, output: [] } }
          : event,
      ),
      /other items/,
    ],
  ])("is refused where %s", (_what, events, complaint) => {
    expect(() => expectOrder(events as ResponseEvent[])).toThrow(complaint);
  });
});
