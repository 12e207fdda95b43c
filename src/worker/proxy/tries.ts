/**
 * One request at the engines that can compute it: a try at the best, and one more where that engine failed before
 * it said anything. Each try has a meter and a reader of its own: what a failed engine took is billed to nobody,
 * and half an event of the first is no beginning of the second's.
 */
import type { Dispatcher } from "undici";
import { type Clock, sleep } from "../../base/clock.ts";
import { spanning } from "../../host/observe/call.ts";
import { modelSpan, usage } from "../../host/observe/gen-ai.ts";
import type { Span } from "../../host/observe/tracing.ts";
import { type InferencePath, inferenceRoutes } from "../../protocol/chat.ts";
import { limits } from "../../protocol/limits.ts";
import type { Usage } from "../../protocol/price.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Offer } from "../catalogue-offers.ts";
import type { Engine } from "../engines/engine.ts";
import type { Room } from "../idle/room.ts";
import type { Slots } from "../slots.ts";
import { type AnswerReader, createAnswerReader } from "./answer-reader.ts";
import {
  type Attempt,
  type Connection,
  type Ending,
  startAttempt,
  type StopReason,
} from "./attempt.ts";
import { createMeter, type Meter } from "./meter.ts";
import { renamedReader, renamingOf } from "./model-in-answer.ts";
import type { Received } from "./receive.ts";

export interface TriesParts {
  clock: Clock;
  dispatcher: Dispatcher;
  catalogue: Pick<Catalogue, "doubt" | "trust">;
  slots: Slots;
  room: Pick<Room, "note">;
  path: InferencePath;
  received: Pick<Received, "offers" | "slot" | "request">;
  /** Text for the client. */
  passOn: (text: string, reader: AnswerReader) => void;
  /** After each piece: the time to look at the budget. */
  onProgress: () => void;
}

/** What is sent to whichever engine is tried. */
export interface Inquiry {
  /** JSON, as the engine that is asked needs it. */
  body: (offer: Offer) => string;
  /** UTF-8 bytes of the prompt's text, for engines that do not count. */
  promptBytes: number;
}

/** The last try's ending, and what it said and took. */
export interface Tried {
  ending: Ending;
  meter: Meter;
  reader: AnswerReader;
}

export interface Tries {
  /** Resolves once an engine has answered, or none is left to ask. */
  run(inquiry: Inquiry): Promise<Tried>;
  /** Ends the present try, or the first before it begins; the first reason stands. */
  stop(reason: StopReason): void;
  pause(): void;
  resume(): void;
  /** What the present try has used. */
  soFar(): Usage;
  /** Gives the slot back; idempotent. */
  release(): void;
}

const nothing: Usage = { billedMs: 0, promptTokens: 0, completionTokens: 0 };

export function createTries(parts: TriesParts): Tries {
  const { clock, path, received, slots } = parts;
  let { slot } = received;
  let current: { attempt: Attempt; meter: Meter } | undefined;
  let stopped: StopReason | undefined;
  const doubted = new Set<Engine>();

  async function tryAt(offer: Offer, inquiry: Inquiry): Promise<Tried> {
    const { engine, ownName } = offer;
    const meter = createMeter(inquiry.promptBytes);
    const body = inquiry.body(offer);
    const rename = renamingOf(ownName, received.request.model);
    const plain = createAnswerReader(path, meter);
    const reader = rename ? renamedReader(plain, rename) : plain;
    const passOn = (text: string) => parts.passOn(rename?.(text) ?? text, reader);
    // Nothing is asked of the engine then, so what is in its memory is none of ours.
    if (stopped) return { ending: { type: "stopped", reason: stopped }, meter, reader };
    parts.room.note(offer);
    const { capability } = inferenceRoutes[path];
    const ending = await spanning(modelSpan(capability, ownName, engine.type), async (span) => {
      const attempt = startAttempt({ ...parts, engine, body, meter, reader, passOn });
      current = { attempt, meter };
      const ended = await attempt.ended;
      tellTrace(span, ended, meter);
      return ended;
    });
    if (ending.type === "whole") parts.catalogue.trust(engine);
    else if (isEnginesFault(ending)) doubt(engine, ending);
    return { ending, meter, reader };
  }

  /** Once per request, however often it is tried; where the engine lives and says no, the request may be at fault. */
  function doubt(engine: Engine, ending: Ending) {
    if (doubted.has(engine)) return;
    doubted.add(engine);
    const isAlive = ending.type === "refused" && ending.connection === "fine";
    parts.catalogue.doubt(engine, isAlive ? (slot.requester ?? "the owner") : undefined);
  }

  /** Nobody stopped an answer that ended for its silence. */
  const isEnginesFault = (ending: Ending): boolean =>
    ending.type === "broken" ||
    (ending.type === "refused" && ending.refusal.isWorthRepeating) ||
    (ending.type === "stopped" && ending.reason === "timeout" && stopped === undefined);

  return {
    async run(inquiry) {
      const first = await tryAt(received.offers[0], inquiry);
      const { ending } = first;
      if (ending.type !== "refused" || !ending.refusal.isWorthRepeating) return first;
      const second = secondOffer(received.offers, ending.connection);
      // One that is being started again listens soon.
      if (second && ending.connection === "refused" && second === received.offers[0])
        await sleep(clock, limits.refusedConnectionMs);
      if (!second || stopped) return first;
      slot.release();
      const other = slots.take(second.engine, slot.requester);
      if (!other) return first;
      slot = other;
      return tryAt(second, inquiry);
    },
    stop(reason) {
      stopped ??= reason;
      current?.attempt.stop(reason);
    },
    pause() {
      current?.meter.pause(clock.monotonic());
      current?.attempt.pause();
    },
    resume() {
      current?.meter.resume(clock.monotonic());
      current?.attempt.resume();
    },
    soFar: () => current?.meter.soFar(clock.monotonic()) ?? nothing,
    release: () => slot.release(),
  };
}

function tellTrace(span: Span | undefined, ending: Ending, meter: Meter): void {
  const { promptTokens: prompt_tokens, completionTokens: completion_tokens } = meter.result();
  span?.set(usage({ prompt_tokens, completion_tokens }, meter.finishReason));
  if (ending.type === "refused") span?.fail(ending.refusal.error.code);
  if (ending.type === "broken") span?.fail("engine_error");
  if (ending.type === "stopped") span?.fail(ending.reason);
}

/** Another engine; or the same, where only the idle connection to it had died, or where there is no other. */
function secondOffer(offers: Received["offers"], connection: Connection): Offer | undefined {
  switch (connection) {
    case "fine":
    case "lost":
      return offers[1];
    case "reset":
      return offers[0];
    case "refused":
      return offers[1] ?? offers[0];
    default:
      return connection satisfies never;
  }
}
