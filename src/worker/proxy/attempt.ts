/** One try at one engine: the call, its reading, and all the ways in which it ends. */
import type { Dispatcher } from "undici";
import type { Clock, Timer } from "../../base/clock.ts";
import { headersOfCall } from "../../host/observe/call.ts";
import { type InferencePath, inferenceRoutes } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Engine, InferenceKind } from "../engines/engine.ts";
import type { AnswerReader } from "./answer-reader.ts";
import { callEngine } from "./engine-call.ts";
import { type EngineRefusal, readEngineRefusal } from "./engine-refusal.ts";
import type { Meter } from "./meter.ts";

/** Why we ended what the engine would have gone on with. */
export type StopReason = "budget" | "client_gone" | "timeout" | "stopping" | "yielded";

export type Ending =
  | { type: "whole" }
  /** The engine gave no answer; nothing was passed on. */
  | { type: "refused"; refusal: EngineRefusal; connection: Connection }
  /** The answer began and then broke. */
  | { type: "broken" }
  | { type: "stopped"; reason: StopReason };

/**
 * How the connection of a refused try was: `fine` where the engine itself said no, `reset` where an idle one had died,
 * `refused` where nobody listened, `lost` where it failed otherwise.
 */
export type Connection = "fine" | "reset" | "refused" | "lost";

export interface Attempt {
  readonly ended: Promise<Ending>;
  stop(reason: StopReason): void;
  pause(): void;
  resume(): void;
}

export interface AttemptParts {
  dispatcher: Dispatcher;
  clock: Clock;
  engine: Engine;
  path: InferencePath;
  body: string;
  meter: Meter;
  reader: AnswerReader;
  /** Text for the client. */
  passOn: (text: string) => void;
  /** After each piece: the time to look at the budget. */
  onProgress: () => void;
}

/** As much of an engine's error as is looked at. */
const errorCharacters = 4_096;

/** Every route's capability is the kind of request an engine knows it as. */
const kindOf = (path: InferencePath): InferenceKind => inferenceRoutes[path].capability;

export function startAttempt(parts: AttemptParts): Attempt {
  const { dispatcher, clock, engine, path, body, meter, reader, passOn, onProgress } = parts;
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  let isEnded = false;
  let hasPassedOn = false;
  let errorStatus: number | undefined;
  let errorText = "";
  const watch = watchProgress(clock, () => end({ type: "stopped", reason: "timeout" }));

  function end(ending: Ending) {
    if (isEnded) return;
    isEnded = true;
    meter.end(clock.monotonic());
    // After a whole answer the connection is left to end by itself, so that it can be used again.
    if (ending.type === "whole") watch.limit(limits.abortEngineMs, () => call.abort());
    else {
      watch.stop();
      call.abort();
    }
    resolve(ending);
  }

  function take({ text, state }: ReturnType<AnswerReader["data"]>) {
    if (text !== "") {
      hasPassedOn = true;
      passOn(text);
    }
    if (state === "whole") end({ type: "whole" });
    else if (state === "broken") end(hasPassedOn ? { type: "broken" } : brokenFromTheStart());
    else onProgress();
  }

  const asked = { origin: engine.origin, headers: { ...engine.headers, ...headersOfCall() } };
  const call = callEngine(dispatcher, asked, engine.path(kindOf(path)), body, {
    sent: () => meter.begin(clock.monotonic()),
    status(code) {
      watch.touch();
      if (code !== 200) errorStatus = code;
    },
    data(chunk) {
      if (isEnded) return;
      watch.touch();
      if (errorStatus === undefined) take(reader.data(chunk, clock.monotonic()));
      else if (errorText.length < errorCharacters) errorText += Buffer.from(chunk).toString();
    },
    end() {
      if (isEnded) return watch.stop();
      if (errorStatus !== undefined) {
        const refusal = readEngineRefusal(errorStatus, errorText);
        return end({ type: "refused", refusal, connection: "fine" });
      }
      const { text, state } = reader.end();
      return take({ text, state: state === "whole" ? "whole" : "broken" });
    },
    failed(error) {
      if (isEnded) return watch.stop();
      // Where the engine had said why the answer ends, nothing is missing.
      if (meter.finishReason !== undefined) return end({ type: "whole" });
      if (hasPassedOn) return end({ type: "broken" });
      return end({ ...brokenFromTheStart(error), connection: connectionOf(error) });
    },
  });

  return {
    ended,
    stop: (reason) => end({ type: "stopped", reason }),
    pause: call.pause,
    resume: call.resume,
  };
}

const brokenFromTheStart = (cause?: Error) => ({
  type: "refused" as const,
  refusal: { error: new TroopError("engine_error", undefined, { cause }), isWorthRepeating: true },
  connection: "fine" as const,
});

function connectionOf({ code = "" }: NodeJS.ErrnoException): Connection {
  if (code === "ECONNREFUSED") return "refused";
  return ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(code) ? "reset" : "lost";
}

/** Calls `onStall` once nothing has been touched for as long as an engine may be silent. */
function watchProgress(clock: Clock, onStall: () => void) {
  let touchedAt = clock.monotonic();
  let timer: Timer;
  // Moved on only when it fires: a timer set anew for each token would cost more than the token.
  const arm = (delayMs: number) => {
    timer = clock.timer(delayMs, () => {
      const silentMs = clock.monotonic() - touchedAt;
      if (silentMs >= limits.engineIdleMs) onStall();
      else arm(limits.engineIdleMs - silentMs);
    });
  };
  arm(limits.engineIdleMs);
  return {
    touch() {
      touchedAt = clock.monotonic();
    },
    /** From now on only `delayMs` are left. */
    limit(delayMs: number, onEnd: () => void) {
      timer.cancel();
      timer = clock.timer(delayMs, onEnd);
    },
    stop: () => timer.cancel(),
  };
}
