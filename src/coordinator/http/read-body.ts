/** Reads one body: no more than it may have, and not for as long as somebody likes to take. */
import type { Readable } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

export interface Reading {
  clock: Pick<Clock, "timer">;
  /** Bytes. */
  most: number;
  /** As announced. */
  length: number | undefined;
  /** Called before bytes are kept; what it throws ends the reading. */
  onBytes(count: number): void;
}

/** @throws TroopError `request_too_large`, `request_timeout`, and what `onBytes` throws */
export async function readBody(payload: Readable, reading: Reading): Promise<Buffer> {
  const { clock, most, length = 0, onBytes } = reading;
  if (length > most) throw new TroopError("request_too_large");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer) => {
    try {
      if (size + chunk.length > most) throw new TroopError("request_too_large");
      onBytes(chunk.length);
      size += chunk.length;
      chunks.push(chunk);
    } catch (error) {
      // What still comes is let go by unread, so that the refusal arrives.
      payload.off("data", take);
      reject(error as Error);
    }
  };
  const watch = (before: number) =>
    clock.timer(limits.slowBodyMs, () => {
      if (size - before < limits.slowBodyBytes) reject(new TroopError("request_timeout"));
      else timer = watch(size);
    });
  let timer = watch(0);
  payload.on("data", take).once("end", resolve);
  payload.once("error", (cause) => {
    reject(new TroopError("request_timeout", "The body ended before it was whole.", { cause }));
  });
  try {
    await promise;
    return Buffer.concat(chunks, size);
  } finally {
    timer.cancel();
  }
}
