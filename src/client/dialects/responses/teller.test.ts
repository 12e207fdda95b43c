/** How an answer is told beyond what the transcripts show: begun early, cancelled, failed, looked at while it runs. */
import { describe, expect, test } from "vitest";
import { expectOrder } from "../../../../test/support/response-order.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { ResponseEvent } from "./items.ts";
import { readResponsesRequest } from "./request.ts";
import {
  chunkOf,
  countingIds,
  createTeller,
  type Piece,
  stop,
  tellAnswer,
} from "./telling.fixture.ts";

const asked = { model: "toy", input: "Hi." };
const tellerFor = (body: object = asked) => createTeller(readResponsesRequest(body, countingIds()));
const typesOf = (events: readonly ResponseEvent[]) => events.map(({ type }) => type);
const ending = { reason: "stop", usage: { prompt_tokens: 1, completion_tokens: 1 } } as const;
const lost = new TroopError("stream_truncated");

test("a response begins before there is an answer, and begins once", () => {
  const teller = tellerFor();
  expect(typesOf(teller.begin())).toEqual(["response.created", "response.in_progress"]);
  expect(teller.begin()).toEqual([]);
  const [first] = teller.add(chunkOf({ content: "a" }));
  expect(first).toMatchObject({ type: "response.output_item.added", sequence_number: 2 });
});

test("a response in the background is queued until the first of its answer arrives", () => {
  const teller = tellerFor({ ...asked, background: true });
  expect(teller.resource().status).toBe("queued");
  expect(typesOf(teller.begin())).toEqual(["response.created", "response.queued"]);
  expect(teller.resource().status).toBe("queued");
  expect(typesOf(teller.add(chunkOf({ content: "" })))).toEqual(["response.in_progress"]);
  expect(teller.resource().status).toBe("in_progress");
});

test("the model is the one that answers, where a name stood for several, from the first event on", () => {
  const teller = tellerFor({ ...asked, model: "troop/auto" });
  const [created] = teller.add({ ...chunkOf({ content: "Hel" }), model: "toy:2b" });
  expect(created).toMatchObject({ response: { model: "toy:2b" } });
  expect(teller.resource().model).toBe("toy:2b");
});

test("the resource can be looked at while the answer grows", () => {
  const teller = tellerFor();
  teller.add(chunkOf({ content: "Hel" }));
  const seen = teller.resource();
  teller.add(chunkOf({ content: "lo" }));
  expect(seen.output).toMatchObject([{ status: "in_progress", content: [{ text: "Hel" }] }]);
  expect(seen).not.toHaveProperty("usage");
});

test("what is cancelled stays unfinished, and nothing more is told of it", () => {
  const teller = tellerFor();
  teller.add(chunkOf({ content: "Hel" }));
  teller.cancel();
  expect(teller.resource()).toMatchObject({
    status: "cancelled",
    error: null,
    output: [{ status: "incomplete", content: [{ text: "Hel" }] }],
  });
  expect(teller.add(chunkOf({ content: "lo" }))).toEqual([]);
  expect(teller.end(ending)).toEqual([]);
  expect(teller.fail(lost, "req_1")).toEqual([]);
  expect(teller.resource().status).toBe("cancelled");
});

test("a failure before the first word is told after the beginning, and ends nothing", () => {
  const events = tellerFor().fail(lost, "req_1");
  expect(typesOf(events)).toEqual([
    "response.created",
    "response.in_progress",
    "error",
    "response.failed",
  ]);
  expect(expectOrder(events).error).toMatchObject({ code: "server_error" });
});

test("a failure in the middle of an item does not say that the item is done", () => {
  const { events } = tellAnswer(asked, [{ content: "Hel" }], { failure: "path_lost" });
  expect(typesOf(events).filter((type) => /done|completed|incomplete/.test(type))).toEqual([]);
});

test.each([
  ["rate_limit_exceeded", "rate_limit_exceeded"],
  ["context_length_exceeded", "invalid_prompt"],
  ["engine_error", "server_error"],
  ["internal_error", "server_error"],
] as const)("%s is %s among the published codes", (failure, code) => {
  const { whole, events } = tellAnswer(asked, [{ content: "a" }], { failure });
  expect(whole.error?.code).toBe(code);
  expect(events.at(-2)).toMatchObject({ type: "error", code: failure });
});

test("what ended does not end again", () => {
  const teller = tellerFor();
  teller.end(ending);
  expect(teller.end(ending)).toEqual([]);
  expect(teller.fail(lost, "req_1")).toEqual([]);
  expect(teller.resource().status).toBe("completed");
});

test("a warm-up has no output", () => {
  const teller = tellerFor({ ...asked, generate: false });
  expect(expectOrder(teller.end(ending)).output).toEqual([]);
});

describe("calls", () => {
  const call = (index: number, name: string, fields: string): Piece => ({
    tool_calls: [
      { index, id: `call_${index}`, type: "function", function: { name, arguments: fields } },
    ],
  });
  const tools = [{ type: "function", name: "f", parameters: {} }, { type: "local_shell" }];

  test("a call without arguments gets an empty object, which applications parse", () => {
    const { events, whole } = tellAnswer({ ...asked, tools }, [call(0, "f", "")]);
    expectOrder(events);
    expect(whole.output).toMatchObject([{ name: "f", arguments: "{}" }]);
  });

  test("a name that was not offered is told as a function", () => {
    const { whole } = tellAnswer({ ...asked, tools }, [call(0, "made_up", "{}")]);
    expect(whole.output).toMatchObject([{ type: "function_call", name: "made_up" }]);
  });

  test("a shell call whose arguments are no command runs none", () => {
    const { whole } = tellAnswer({ ...asked, tools }, [call(0, "local_shell", '{"command":"rm"}')]);
    expect(whole.output).toMatchObject([{ type: "local_shell_call", action: { command: [] } }]);
  });

  test("words after a call are an item of their own", () => {
    const { events, whole } = tellAnswer({ ...asked, tools }, [
      { content: "a" },
      call(0, "f", "{}"),
      { content: "b" },
    ]);
    expectOrder(events);
    expect(whole.output.map(({ type }) => type)).toEqual(["message", "function_call", "message"]);
  });
});

test("thoughts travel packed where nothing is kept for the application, and only there", () => {
  const thoughts = [{ reasoning_content: "Hm é" }, { content: "a" }];
  const packed = (body: object) => tellAnswer({ ...asked, ...body }, thoughts).whole.output[0];
  expect(packed({})).not.toHaveProperty("encrypted_content");
  expect(packed({ store: false })).toHaveProperty("encrypted_content");
  expect(packed({ include: ["reasoning.encrypted_content"] })).toHaveProperty("encrypted_content");
});

test("odds that are not understood are left out, the words are not", () => {
  const logprobs = { content: [{ token: 7 }] };
  const { whole } = tellAnswer(asked, [{ content: "a", logprobs }], stop);
  expect(whole.output).toMatchObject([{ content: [{ text: "a", logprobs: [] }] }]);
});
