/** What a fake engine answers: a list of steps, so that each misbehaviour is a line. */

export type Step =
  /** An event with this delta. */
  | { type: "delta"; delta: Readonly<Record<string, unknown>> }
  | { type: "finish"; reason: string }
  | { type: "usage" }
  /** Bytes as they are, well-formed or not. */
  | { type: "raw"; text: string }
  /** Waits for the test's `next()`. */
  | { type: "gate" }
  /** Says nothing more and keeps the connection. */
  | { type: "stall" }
  /** Breaks the connection. */
  | { type: "cut" }
  /** Deltas without end, as fast as they are read. */
  | { type: "flood" };

export type Script =
  | { type: "stream"; steps: readonly Step[] }
  | { type: "status"; status: number; body: string }
  | { type: "refuse" };

/** What every script counts as the prompt's tokens; completion tokens are the deltas. */
export const promptTokens = 7;

const word = (content: string): Step => ({ type: "delta", delta: { content } });
const role: Step = { type: "delta", delta: { role: "assistant", content: "" } };
const gate: Step = { type: "gate" };
const done: Step = { type: "raw", text: "data: [DONE]\n\n" };
const proper = (reason: string): Step[] => [{ type: "finish", reason }, { type: "usage" }, done];
const stream = (...steps: Step[]): Script => ({ type: "stream", steps });

/** A stream that begins when the test says so: until then time can pass, which is what costs. */
export const waiting = (script: Script): Script =>
  script.type === "stream" ? stream(gate, ...script.steps) : script;

export const plainText = (...words: string[]): Script =>
  stream(role, ...words.map(word), ...proper("stop"));

/** Like `plainText`, but waits for the test before each word and before the end. */
export const gatedText = (...words: string[]): Script =>
  stream(role, ...words.flatMap((text) => [gate, word(text)]), gate, ...proper("stop"));

export const reasoning = (thought: string, text: string): Script =>
  stream(
    role,
    { type: "delta", delta: { reasoning_content: thought } },
    word(text),
    ...proper("stop"),
  );

export function toolCall(name: string, args: string): Script {
  const half = Math.ceil(args.length / 2);
  const call = (fields: object) =>
    ({ type: "delta", delta: { tool_calls: [{ index: 0, ...fields }] } }) as const;
  return stream(
    role,
    call({ id: "call_1", type: "function", function: { name, arguments: "" } }),
    call({ function: { arguments: args.slice(0, half) } }),
    call({ function: { arguments: args.slice(half) } }),
    ...proper("tool_calls"),
  );
}

/** Several calls of one answer, told apart by their index; their fragments come in turn. */
export function parallelTools(...calls: [name: string, args: string][]): Script {
  const deltas = (fieldsOf: (call: [string, string], index: number) => object) =>
    calls.map((call, index): Step => {
      const tool_calls = [{ index, ...fieldsOf(call, index) }];
      return { type: "delta", delta: { tool_calls } };
    });
  const half = ([, args]: [string, string]) => Math.ceil(args.length / 2);
  return stream(
    role,
    ...deltas(([name], index) => ({
      ...{ id: `call_${index + 1}`, type: "function" },
      function: { name, arguments: "" },
    })),
    ...deltas((call) => ({ function: { arguments: call[1].slice(0, half(call)) } })),
    ...deltas((call) => ({ function: { arguments: call[1].slice(half(call)) } })),
    ...proper("tool_calls"),
  );
}

export const refusal = (text: string): Script =>
  stream(role, { type: "delta", delta: { refusal: text } }, ...proper("stop"));

const completion = (text: string, finish_reason: string | null = null): Step => ({
  type: "raw",
  text: `data: ${JSON.stringify({ choices: [{ index: 0, text, finish_reason }] })}\n\n`,
});
const completed: readonly Step[] = [completion("", "stop"), { type: "usage" }, done];

/** As `/v1/completions` streams it. */
export const completionText = (...texts: string[]): Script =>
  stream(...texts.map((text) => completion(text)), ...completed);

/** The same, waiting for the test as `gatedText` does. */
export const gatedCompletion = (...texts: string[]): Script =>
  stream(...texts.flatMap((text) => [gate, completion(text)]), gate, ...completed);

export const cutCompletion = (...texts: string[]): Script =>
  stream(...texts.map((text) => completion(text)), { type: "cut" });

export const withoutUsage = (...words: string[]): Script =>
  stream(role, ...words.map(word), { type: "finish", reason: "stop" }, done);

/** Ends as it should but never says why. */
export const withoutFinish = (...words: string[]): Script => stream(role, ...words.map(word), done);

export const endingWith = (reason: string, ...words: string[]): Script =>
  stream(role, ...words.map(word), ...proper(reason));

/** Some words, then silence. */
export const stalling = (...words: string[]): Script =>
  stream(role, ...words.map(word), { type: "stall" });

/** Some words, then the connection breaks. */
export const cutAfter = (...words: string[]): Script =>
  stream(role, ...words.map(word), { type: "cut" });

/** Says why it ends, and then breaks the connection before it is done. */
export const cutAfterFinish = (...words: string[]): Script =>
  stream(role, ...words.map(word), { type: "finish", reason: "stop" }, { type: "cut" });

/** Some words, then the engine closes properly, as if that were all. */
export const closingAfter = (...words: string[]): Script => stream(role, ...words.map(word));

export const malformed = (...words: string[]): Script =>
  stream(...words.map(word), { type: "raw", text: "data: {not json\n\n" }, { type: "stall" });

export const errorEvent = (...words: string[]): Script =>
  stream(...words.map(word), {
    type: "raw",
    text: `data: {"error":{"message":"out of memory at 0xdeadbeef"}}\n\n`,
  });

export const raw = (text: string): Script => stream({ type: "raw", text });

export const flood: Script = stream(role, { type: "flood" });

export const errorStatus = (status: number, message = "no"): Script => ({
  type: "status",
  status,
  body: JSON.stringify({ error: { message } }),
});

/** Hangs up on each request without a word. */
export const hangUp: Script = { type: "refuse" };
