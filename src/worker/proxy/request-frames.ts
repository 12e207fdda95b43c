/** Takes the frames of a request off the wire: no more, no sooner and for no longer than asked. */
import type { IncomingMessage } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import {
  createSealedReader,
  type Frame,
  lengthBytes,
  sealedBytesFor,
} from "../../protocol/frames.ts";
import { limits } from "../../protocol/limits.ts";
import { openFrame } from "../../protocol/sealed-stream.ts";

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
  /** The head frame's bytes. @throws TroopError `request_timeout`, `request_too_large`, `invalid_value` */
  head(): Promise<Uint8Array>;
  /** All body frames' bytes, joined. @throws TroopError as `head`, and `busy` where too much is in flight */
  body(): Promise<RequestBody>;
  /** Throws away what still comes, so that the answer can be read; closes on a client that goes on and on. */
  discard(): void;
}

export function readRequestFrames(
  request: IncomingMessage,
  clock: Clock,
  inFlight: ByteBudget,
): RequestFrames {
  const { next, fail } = frameQueue(request);

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
    discard() {
      if (request.complete) return;
      const timer = clock.timer(limits.inferenceBodyWaitMs, () => request.destroy());
      request.once("close", () => timer.cancel());
      request.removeAllListeners("data").resume();
    },
  };
}

/** A frame, and what it took on the wire. */
interface ArrivedFrame extends Frame {
  wireBytes: number;
}

interface FrameQueue {
  /** Waits for the next frame; undefined once the request has ended where a frame does. */
  next(): Promise<ArrivedFrame | undefined>;
  /** Whoever waits, now or later, is told this error. */
  fail(error: Error): void;
}

function frameQueue(request: IncomingMessage): FrameQueue {
  const reader = createSealedReader(sealedBytesFor(limits.frameBytes), "request_too_large");
  const queue: ArrivedFrame[] = [];
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
      for (const sealed of reader.push(chunk)) {
        const wireBytes = lengthBytes + sealed.length;
        queue.push({ ...openFrame(sealed, "invalid_value"), wireBytes });
      }
    } catch (error) {
      stop(error as Error);
    }
    if (queue.length === 0) return;
    request.pause();
    wake?.();
  });
  request.once("end", () => {
    if (reader.isAtBoundary()) stop();
    else stop(new TroopError("invalid_value", "The request ended within a frame."));
  });
  request.once("error", hungUp);
  request.once("close", () => {
    if (!end) hungUp();
  });
  request.pause();

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
