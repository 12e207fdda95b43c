/** Takes the frames of a request off the wire: no more, no sooner and for no longer than asked. */
import type { Readable } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { FrameOpener, OpenedFrame } from "../../protocol/sealed-stream-cipher.ts";

/** The client went away before its request was whole: there is nobody to answer. */
export class RequestAborted extends Error {}

/** Bytes of request bodies that one worker holds at a time, as they came over the wire. */
export interface ByteBudget {
  /** False where there is no room. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createByteBudget(mostBytes: number): ByteBudget {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > mostBytes) return false;
      taken += bytes;
      return true;
    },
    giveBack(bytes) {
      taken -= bytes;
    },
  };
}

export interface RequestBody {
  bytes: Uint8Array;
  /** Gives the bytes' room back; idempotent. */
  release(): void;
}

export interface RequestFrames {
  /**
   * The head frame's bytes.
   * @throws TroopError `request_timeout`, `request_too_large`, `seal_broken`, `request_replayed`, `invalid_value`
   */
  head(): Promise<Uint8Array>;
  /** All body frames' bytes, joined. @throws TroopError as `head`, and `busy` where too much is in flight */
  body(): Promise<RequestBody>;
}

/** A request of which nothing was read yet. */
export interface SealedRequest {
  /** Called once, when it is known what opens it. */
  open(opener: FrameOpener): RequestFrames;
  /** Throws away what still comes, so that the answer can be read; closes on a client that goes on and on. */
  discard(): void;
}

/** What carries a request: an HTTP/1 message, or a stream of a relay's connection. */
export type RequestWire = Readable;

export function receiveRequest(
  request: RequestWire,
  clock: Clock,
  inFlight: ByteBudget,
): SealedRequest {
  request.pause();
  return {
    open: (opener) => readFrames(frameQueue(request, opener), clock, inFlight),
    discard() {
      if (request.readableEnded) return;
      const timer = clock.timer(limits.inferenceBodyWaitMs, () => request.destroy());
      request.once("close", () => timer.cancel());
      let left = limits.discardedBytes;
      request.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
        left -= chunk.length;
        if (left < 0) request.destroy();
      });
      request.resume();
    },
  };
}

function readFrames({ next, fail }: FrameQueue, clock: Clock, inFlight: ByteBudget): RequestFrames {
  async function within<Result>(ms: number, read: () => Promise<Result>): Promise<Result> {
    const timer = clock.timer(ms, () => fail(new TroopError("request_timeout")));
    try {
      return await read();
    } finally {
      timer.cancel();
    }
  }

  async function readHead(): Promise<Uint8Array> {
    const frame = await next();
    if (frame?.type !== "head")
      throw new TroopError("invalid_value", "The first frame must be the head.");
    if (frame.bytes.length > limits.headFrameBytes) throw new TroopError("request_too_large");
    return frame.bytes;
  }

  async function readBody(): Promise<RequestBody> {
    const parts: Uint8Array[] = [];
    let size = 0;
    let charged = 0;
    const release = () => {
      inFlight.giveBack(charged);
      charged = 0;
    };
    try {
      for (let frame = await next(); frame; frame = await next()) {
        if (frame.type !== "body")
          throw new TroopError("invalid_value", "Behind the head only body frames may follow.");
        // Else each byte of content could cost us a frame: its padding, and the socket's chunk that it lies in.
        if (frame.bytes.length === 0 || parts.length * limits.frameBytes !== size)
          throw new TroopError("invalid_value", "Every body frame but the last must be full.");
        if (size + frame.bytes.length > limits.inferenceBodyBytes)
          throw new TroopError("request_too_large");
        if (!inFlight.take(frame.wireBytes))
          throw new TroopError("busy", "Too many bytes are on their way.", { retryAfterMs: 1_000 });
        size += frame.bytes.length;
        charged += frame.wireBytes;
        parts.push(frame.bytes);
      }
      return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  return {
    head: () => within(limits.headFrameWaitMs, readHead),
    body: () => within(limits.inferenceBodyWaitMs, readBody),
  };
}

interface FrameQueue {
  /** Waits for the next frame; undefined once the request has ended with its final one. */
  next(): Promise<OpenedFrame | undefined>;
  /** Whoever waits, now or later, is told this error. */
  fail(error: Error): void;
}

function frameQueue(request: RequestWire, opener: FrameOpener): FrameQueue {
  const queue: OpenedFrame[] = [];
  let end: { error?: Error } | undefined;
  let wake: (() => void) | undefined;

  // Frames that were whole before are still delivered.
  const stop = (error?: Error) => {
    end ??= error ? { error } : {};
    wake?.();
  };
  const hungUp = () => stop(new RequestAborted("the client went away"));
  request.on("data", (chunk: Uint8Array) => {
    if (end) return;
    try {
      queue.push(...opener.push(chunk));
    } catch (error) {
      stop(error as Error);
    }
    if (queue.length === 0) return;
    request.pause();
    wake?.();
  });
  request.once("end", () => {
    try {
      opener.end();
      stop();
    } catch (error) {
      stop(error as Error);
    }
  });
  request.once("error", hungUp);
  request.once("close", () => {
    if (!end) hungUp();
  });

  return {
    fail: stop,
    async next() {
      while (queue.length === 0 && !end) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        request.resume();
        await promise;
      }
      const frame = queue.shift();
      if (!frame && end?.error) throw end.error;
      return frame;
    },
  };
}
