/** Messages on their way to whoever holds the other end of a WebSocket, no more of them than is read. */
import type { WebSocket } from "ws";
import type { Clock } from "../../../base/clock.ts";
import { limits } from "../../../protocol/limits.ts";

export interface Outlet {
  /** A promise asks to wait until the application has read; its connection is cut if it does not read for 30 s. */
  send(messages: readonly object[]): Promise<void> | undefined;
}

export function createOutlet(socket: WebSocket, clock: Clock): Outlet {
  let waiting: PromiseWithResolvers<void> | undefined;

  function resume(): void {
    waiting?.resolve();
    waiting = undefined;
  }

  function written(): void {
    if (socket.bufferedAmount <= limits.streamBufferBytes) resume();
  }

  function drained(): Promise<void> {
    if (!waiting) {
      waiting = Promise.withResolvers();
      const timer = clock.timer(limits.slowReaderMs, () => socket.terminate());
      void waiting.promise.then(() => timer.cancel());
    }
    return waiting.promise;
  }

  socket.once("close", resume);
  return {
    send(messages) {
      for (const message of messages) {
        if (socket.readyState !== socket.OPEN) return undefined;
        socket.send(JSON.stringify(message), written);
      }
      return socket.bufferedAmount > limits.streamBufferBytes ? drained() : undefined;
    },
  };
}
