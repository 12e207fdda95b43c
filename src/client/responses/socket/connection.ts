/**
 * One WebSocket on `/v1/responses`: each `response.create` is answered with the events that a stream over HTTP has.
 * Answers of a lane come one after the other; without `stream_id` there is one lane. What the connection said is
 * remembered while it lasts, so that it can be gone on from though nothing is kept.
 */
import type { RawData, WebSocket } from "ws";
import type { Clock, Timer } from "../../../base/clock.ts";
import { expectedFailure } from "../../../host/framework-failure.ts";
import { serving } from "../../../host/observe/call.ts";
import type { Tracer } from "../../../host/observe/tracing.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { limits } from "../../../protocol/limits.ts";
import type { ResponseEvent } from "../../dialects/responses/items.ts";
import { errorAnswerOf } from "../../http/errors.ts";
import { drive, type DriveParts } from "../drive.ts";
import { responseLimits } from "../limits.ts";
import type { Preparing } from "../prepare.ts";
import { createMemory } from "./memory.ts";
import { errorEvent, laneOf, readMessage, steerFailed } from "./message.ts";
import { createOutlet } from "./outlet.ts";

export interface ConnectionParts extends DriveParts {
  prepare: Preparing["prepare"];
  clock: Clock;
  tracer?: Tracer | undefined;
}

export interface Connection {
  /** Ends what runs, says why, and closes. */
  close(reason: TroopError): void;
  /** When the connection is gone and the work for it has ended. */
  settled: Promise<void>;
}

const asked = { name: "WS /v1/responses", kind: "server" } as const;
const closeCodes = { done: 1000, goingAway: 1001 } as const;

export function openConnection(
  parts: ConnectionParts,
  socket: WebSocket,
  requestId: string,
  application: string | undefined,
): Connection {
  const { prepare, clock, log } = parts;
  const call = { requestId, tracer: parts.tracer };
  const outlet = createOutlet(socket, clock);
  const memory = createMemory();
  const control = new AbortController();
  const lanes = new Map<string | undefined, Promise<void>>();
  let [pending, pendingBytes] = [0, 0];
  let ending: TroopError | undefined;
  let timers: Timer[] = [];

  function fail(error: unknown, lane: string | undefined): void {
    const expected = expectedFailure(error);
    if (!expected) log.error({ err: error, request: requestId }, "a message failed");
    const shown = expected ?? new TroopError("internal_error");
    const { headers } = errorAnswerOf("/v1/responses", shown, requestId);
    reply(errorEvent(shown, headers, lane));
  }

  /** Whoever asks on without reading what is said to it is not heard meanwhile: answers would pile up here. */
  function reply(message: object): void {
    const read = outlet.send([message]);
    if (!read) return;
    socket.pause();
    void read.then(() => socket.resume());
  }

  async function answer(body: object, lane: string | undefined): Promise<void> {
    const { signal } = control;
    try {
      signal.throwIfAborted();
      const prepared = await prepare(body, signal, application, memory);
      const teller = prepared.createTeller();
      let hasBegun = false;
      const put = (events: ResponseEvent[]) => {
        hasBegun ||= events.length > 0;
        return outlet.send(events.map((event) => ({ ...event, ...laneOf(lane) })));
      };
      const keep = () => prepared.keep(teller);
      const driven = await drive(parts, prepared, teller, put, keep, signal);
      if (driven.outcome === "told") return;
      if (!hasBegun) return fail(driven.error, lane);
      const events = teller.fail(driven.error, requestId);
      keep();
      void put(events);
    } catch (error) {
      fail(error, lane);
    }
  }

  /** Behind what its lane has to answer before. */
  function queue(body: object, lane: string | undefined, size: number): void {
    if (
      pending >= responseLimits.socketPendingMost ||
      pendingBytes + size > limits.inferenceBytesInFlight
    )
      throw new TroopError("rate_limit_exceeded", "Too much waits on this connection already.");
    pending += 1;
    pendingBytes += size;
    const task = (lanes.get(lane) ?? Promise.resolve())
      .then(() => serving(call, undefined, asked, () => answer(body, lane)))
      .finally(() => {
        pending -= 1;
        pendingBytes -= size;
        if (lanes.get(lane) === task) lanes.delete(lane);
        if (pending === 0 && ending) leave(ending);
      });
    lanes.set(lane, task);
  }

  function take(data: RawData, isBinary: boolean): void {
    try {
      if (ending) throw ending;
      if (isBinary) throw new TroopError("invalid_value", "A message is JSON, as text.");
      const bytes = data as Buffer;
      const message = readMessage(bytes);
      if (message.kind === "create") queue(message.body, message.lane, bytes.length);
      else if (message.kind === "steer")
        reply(steerFailed(message.previousResponseId, message.input));
    } catch (error) {
      fail(error, undefined);
    }
  }

  function leave(reason: TroopError): void {
    fail(reason, undefined);
    const isOurEnd = reason.code === "draining";
    socket.close(isOurEnd ? closeCodes.goingAway : closeCodes.done, reason.code);
    timers.push(clock.timer(responseLimits.socketCloseMs, () => socket.terminate()));
  }

  function end(reason: TroopError): void {
    if (ending || socket.readyState !== socket.OPEN) return;
    ending = reason;
    if (pending === 0) leave(reason);
  }

  // Whether it is answered does not matter: applications that wait for a tool of theirs do not read meanwhile.
  function ping(): void {
    socket.ping();
    timers[0] = clock.timer(responseLimits.socketPingMs, ping);
  }

  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      control.abort(new TroopError("stream_truncated", "The application left."));
      for (const timer of timers) timer.cancel();
      timers = [];
      resolve();
    });
  });
  socket.on("error", () => socket.terminate());
  socket.on("message", take);
  timers = [
    clock.timer(responseLimits.socketPingMs, ping),
    clock.timer(responseLimits.socketLifeMs, () =>
      end(new TroopError("websocket_connection_limit_reached")),
    ),
  ];
  return {
    close(reason) {
      end(reason);
      control.abort(reason);
    },
    settled: closed.then(() => Promise.allSettled(lanes.values())).then(() => undefined),
  };
}
