/**
 * One request at the engines that can compute it: a try at the best, and one more where that engine failed before
 * it said anything. Each try has a meter and a reader of its own: what a failed engine took is billed to nobody,
 * and half an event of the first is no beginning of the second's.
 */
import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import type { Usage } from "../../protocol/price.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Offer } from "../catalogue-offers.ts";
import type { Room } from "../idle/room.ts";
import type { Slots } from "../slots.ts";
import { type AnswerReader, createAnswerReader } from "./answer-reader.ts";
import { type Attempt, type Ending, startAttempt, type StopReason } from "./attempt.ts";
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
  /** JSON, with the model under the name that the engine knows it by. */
  body: (ownName: string) => string;
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

  async function tryAt(offer: Offer, inquiry: Inquiry): Promise<Tried> {
    const { engine, ownName } = offer;
    parts.room.note(offer);
    const meter = createMeter(inquiry.promptBytes);
    const body = inquiry.body(ownName);
    const rename = renamingOf(ownName, received.request.model);
    const plain = createAnswerReader(path, meter);
    const reader = rename ? renamedReader(plain, rename) : plain;
    const passOn = (text: string) => parts.passOn(rename?.(text) ?? text, reader);
    const attempt = startAttempt({ ...parts, engine, body, meter, reader, passOn });
    current = { attempt, meter };
    // The reader may have gone while another engine was being tried.
    if (stopped) attempt.stop(stopped);
    const ending = await attempt.ended;
    if (ending.type === "whole") parts.catalogue.trust(engine);
    else if (isEnginesFault(ending)) parts.catalogue.doubt(engine);
    return { ending, meter, reader };
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
      const second = secondOffer(received.offers, ending.isReset);
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

/** Another engine, or the same where only the idle connection to it had died. */
const secondOffer = (offers: Received["offers"], isReset: boolean): Offer | undefined =>
  isReset ? offers[0] : offers[1];
