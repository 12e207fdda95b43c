/** A worker's inference engine: speaks the OpenAI dialect, and fails in the ways that engines do. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Dispatcher } from "undici";
import type { Engine } from "../../../src/worker/engines/engine.ts";
import type { Process } from "../world/machine.ts";
import type { World } from "../world/world.ts";

const delivery = new AsyncLocalStorage<string>();

/**
 * Content is sealed, so that nothing on the wire names what an engine is given. All that comes of a delivery therefore
 * runs in a context that does.
 */
export const asDelivery = <Result>(id: string, work: () => Result): Result =>
  delivery.run(id, work);

export interface EngineTraits {
  slots: number;
  models: readonly string[];
  /** It claims this many times the tokens that it made. */
  exaggerates: number;
  /** Between two pieces of an answer it waits this many times as long as it would have to. */
  drags: number;
}

export const createEngine = ({ slots, models }: EngineTraits): Engine => ({
  type: "openai",
  origin: "http://127.0.0.1:2",
  headers: {},
  prefillFields: { goes_on: true },
  slots,
  inspect: () =>
    Promise.resolve({
      version: "1",
      models: models.map((name) => ({ name, capabilities: ["chat", "prefill"], loaded: true })),
    }),
  path: () => "/v1/chat/completions",
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/** Longest silence of a healthy engine: what one look at the meter may miss. */
export const longestGapMs = 1_500;
const mostDeltas = 6;
/** Shares of failing engine calls. */
const failures = ["engine_refused", "engine_broke", "engine_stalled"] as const;

type Handler = Dispatcher.DispatchHandler;

/** Carries calls from a worker's process to its engine. */
export function createEngineDispatcher(
  { faults, truth }: World,
  process: Process,
  node: string,
  isHonest: boolean,
  traits: EngineTraits,
): Dispatcher {
  const { random } = process;
  function dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    process.reach("engine");
    const asked = JSON.parse(options.body as string) as Asked;
    const said = asked.goes_on ? asked.messages.at(-1)!.content : "";
    truth.run(delivery.getStore() ?? "", node, isHonest);
    let count = said === "" ? 0 : said.split(" ").length;
    let isOver = false;
    const controller = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      pause: () => {},
      resume: () => {},
      abort: () => (isOver = true),
    } as unknown as Dispatcher.DispatchController;
    const failure = random.pick(failures);
    const isFailing = faults.happens(failure, faults.shares.engine);
    const deltas = random.between(1, mostDeltas);
    const later = (act: () => void) =>
      process.clock.timer(random.between(50, longestGapMs) * traits.drags, () => {
        if (!isOver) act();
      });

    handler.onRequestStart?.(controller, {});
    if (isFailing && failure === "engine_stalled") return true;
    later(() => {
      if (isFailing && failure === "engine_refused") {
        handler.onResponseStart?.(controller, 500, {});
        handler.onResponseData?.(controller, Buffer.from(`{"error":{"message":"no"}}`));
        return handler.onResponseEnd?.(controller, {});
      }
      handler.onResponseStart?.(controller, 200, {});
      return produce(deltas);
    });
    return true;

    /** Several deltas at a time, the last of them with the end. */
    function produce(left: number): void {
      const now = Math.min(left, random.between(1, 4));
      const words = Array.from({ length: now }, () => deltaEvent((count += 1), said));
      handler.onResponseData?.(controller, Buffer.from(words.join("")));
      if (isOver) return;
      if (isFailing) {
        later(() => handler.onResponseError?.(controller, new Error("the engine crashed")));
      } else if (left > now) {
        later(() => produce(left - now));
      } else {
        const usage = {
          prompt_tokens: 8 * traits.exaggerates,
          completion_tokens: deltas * traits.exaggerates,
        };
        handler.onResponseData?.(controller, Buffer.from(closingEvents(usage)));
        if (!isOver) handler.onResponseEnd?.(controller, {});
      }
    }
  }
  return { dispatch } as unknown as Dispatcher;
}

interface Asked {
  messages: { content: string }[];
  goes_on?: boolean;
}

/** Engines count, so that whoever hears them knows whether something is missing or said twice. */
export const isCounting = (text: string): boolean => {
  const words = text.split(" ").slice(0, -1);
  return text === words.map((_, index) => `${index + 1} `).join("");
};

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
/** What was said ends with a word: whoever goes on says the space behind it. */
const deltaEvent = (count: number, said: string): string => {
  const isNext = said !== "" && count === said.split(" ").length + 1;
  const content = `${isNext ? " " : ""}${count} `;
  return event({ id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null }] });
};
const closingEvents = (usage: object): string =>
  `${event({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage })}data: [DONE]\n\n`;
