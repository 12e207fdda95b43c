/** What the mock engine answers, and whether an answer that came over some path is that one. Pure. */

export const model = "bench-model";

/** What the engine is to do; it stands in the request as the user's message. */
export interface Plan {
  /** Events with a word, beside four others: role, finish, usage, [DONE]. */
  words: number;
  /** Between two events; 0: the whole answer in one write, so that a request is counted and not its chunks. */
  pauseMs: number;
  /** Waits before the finish until it is told to go on. */
  isHeld: boolean;
}

export interface Received {
  status: number;
  text: string;
}

export const requestBody = (plan: Plan): string =>
  JSON.stringify({
    model,
    messages: [{ role: "user", content: JSON.stringify(plan) }],
    stream: true,
    stream_options: { include_usage: true },
  });

export function planOf(body: string): Plan {
  const { messages } = JSON.parse(body) as { messages: { content: string }[] };
  return JSON.parse(messages[0]!.content) as Plan;
}

/** Server-sent events: as many as `words` and the four others. */
export function eventsOf({ words }: Plan): { opening: string[]; ending: string[] } {
  const event = (fields: object) =>
    `data: ${JSON.stringify({
      ...{ id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1_800_000_000, model },
      ...fields,
    })}\n\n`;
  const chunk = (delta: object, finish_reason: string | null = null) =>
    event({ choices: [{ index: 0, delta, finish_reason }] });
  const said = Array.from({ length: words }, (_, index) => chunk({ content: ` word ${index}` }));
  const usage = { prompt_tokens: 9, completion_tokens: words, total_tokens: 9 + words };
  return {
    opening: [chunk({ role: "assistant", content: "" }), ...said],
    ending: [chunk({}, "stop"), event({ choices: [], usage }), "data: [DONE]\n\n"],
  };
}

/**
 * The bytes that every path must leave alike. Comments are no content, and a gateway may name the answer itself: a
 * node must not choose ids that reach applications. Everything else, white space included, counts.
 */
export const comparable = (text: string): string =>
  text
    .replaceAll(/^:.*\n\n/gm, "")
    .replaceAll(/^data: \{"id":"chatcmpl-[^"]+"/gm, 'data: {"id":"chatcmpl-"')
    .replaceAll(/"created":\d+,"model"/g, '"created":0,"model"');

export const countEvents = (text: string): number => text.match(/^data: /gm)?.length ?? 0;

/** What is wrong with an answer, or undefined. */
export function faultOf({ status, text }: Received, plan: Plan): string | undefined {
  const { opening, ending } = eventsOf(plan);
  const expected = [...opening, ...ending];
  if (status !== 200) return `status ${status}: ${text.slice(0, 500)}`;
  if (!text.endsWith("data: [DONE]\n\n")) return `no [DONE] at the end of: ${text.slice(-500)}`;
  const events = countEvents(text);
  if (events !== expected.length) return `${events} events instead of ${expected.length}`;
  if (comparable(text) !== comparable(expected.join("")))
    return `other bytes than the direct answer's: ${text.slice(0, 500)}`;
  return undefined;
}
