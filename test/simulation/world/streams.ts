/** Stand-ins for node's request and response objects: as much of them as the worker's own code touches. */
import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A request whose pieces are there already; once `hangUp` was called no more come. */
export function createIncoming(pieces: readonly Uint8Array[], isWhole: boolean) {
  const left = [...pieces];
  let isPaused = true;
  let isEnded = false;
  const emitter = new EventEmitter();
  const pump = () => {
    while (!isPaused && !isEnded && left.length > 0) emitter.emit("data", left.shift());
    if (isPaused || isEnded || !isWhole || left.length > 0) return;
    isEnded = true;
    emitter.emit("end");
  };
  const hangUp = () => {
    if (isEnded) return;
    isEnded = true;
    emitter.emit("close");
  };
  const request = Object.assign(emitter, {
    get readableEnded() {
      return isEnded;
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      queueMicrotask(pump);
    },
    destroy: hangUp,
  });
  return { request: request as unknown as IncomingMessage, hangUp };
}

export interface Sent {
  head: { status: number; headers: Record<string, string> } | undefined;
  chunks: Uint8Array[];
  isEnd: boolean;
}

/** @param send takes what was written since the last time; called at most once per turn */
export function createOutgoing(send: (sent: Sent) => void, destroyed: () => void) {
  const emitter = new EventEmitter();
  let waiting: Sent | undefined;
  let isEnded = false;
  let isClosed = false;
  let isFinished = false;
  const later = (): Sent => {
    if (waiting) return waiting;
    waiting = { head: undefined, chunks: [], isEnd: false };
    queueMicrotask(() => {
      const sent = waiting!;
      waiting = undefined;
      if (!isClosed) send(sent);
    });
    return waiting;
  };
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    emitter.emit("close");
  };
  const response = Object.assign(emitter, {
    destroyed: false,
    writableLength: 0,
    get writableFinished() {
      return isFinished;
    },
    writeHead(status: number, headers: Record<string, string>) {
      later().head = { status, headers };
    },
    write(bytes: Uint8Array) {
      if (!isClosed) later().chunks.push(bytes);
      return true;
    },
    end(bytes?: string) {
      if (isClosed || isEnded) return;
      isEnded = true;
      if (bytes !== undefined) later().chunks.push(Buffer.from(bytes));
      later().isEnd = true;
    },
    destroy() {
      if (isClosed) return;
      destroyed();
      close();
    },
  });
  return {
    response: response as unknown as ServerResponse,
    /** The reader has it all. */
    finish() {
      isFinished = true;
      close();
    },
    /** The reader is gone. */
    close,
  };
}
