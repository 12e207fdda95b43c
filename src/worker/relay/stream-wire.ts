/**
 * One stream of a relay's connection, as the worker's exchanges know requests and answers. An answer is written piece
 * by piece, each after the former was taken: what the reader has taken shows only in finished writes.
 */
import { EventEmitter } from "node:events";
import { constants, type ServerHttp2Stream } from "node:http2";
import { limits } from "../../protocol/limits.ts";
import type { AnswerWire } from "../proxy/answer.ts";

/** The least that tells a slow reader from one who takes nothing. */
const pieceBytes = limits.slowReaderBytes;

/** @param always headers of every answer */
export function answerWireOf(
  stream: ServerHttp2Stream,
  always: Readonly<Record<string, string>>,
): AnswerWire {
  const events = new EventEmitter();
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  let isEnded = false;

  const writeNext = () => {
    const piece = waiting.shift();
    if (!piece) {
      if (isEnded) stream.end();
      else events.emit("drain");
      return;
    }
    isWriting = true;
    stream.write(piece, (error) => {
      isWriting = false;
      if (error || stream.destroyed) return;
      waitingBytes -= piece.length;
      writeNext();
    });
  };
  stream.once("close", () => {
    waiting.length = 0;
    events.emit("close");
  });

  const write = (bytes: Uint8Array) => {
    if (stream.destroyed) return;
    waitingBytes += bytes.length;
    for (let start = 0; start < bytes.length; start += pieceBytes)
      waiting.push(bytes.subarray(start, start + pieceBytes));
    if (!isWriting) writeNext();
  };
  return {
    get destroyed() {
      return stream.destroyed || stream.aborted;
    },
    get closed() {
      return stream.closed && stream.destroyed;
    },
    /** Also of a stream whose end has left but not arrived: whoever reset it after that has had it all. */
    get writableFinished() {
      return stream.writableFinished && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    },
    get writableLength() {
      return waitingBytes;
    },
    once: (event, listener) => events.once(event, listener),
    on: (event, listener) => events.on(event, listener),
    writeHead: (status, headers) => {
      if (!stream.destroyed) stream.respond({ ":status": status, ...always, ...headers });
    },
    write,
    end(text) {
      if (text !== undefined) write(Buffer.from(text));
      isEnded = true;
      if (!isWriting && !stream.destroyed) stream.end();
    },
    // `close` would send a proper end before the reset, and half an answer would pass for a whole one.
    destroy: () => stream.destroy(new Error("the answer broke off")),
  };
}
