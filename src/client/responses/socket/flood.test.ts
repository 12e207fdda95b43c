/** Whoever sends without reading. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { createFakeClock } from "../../../../test/support/fake-clock.ts";
import { createLog } from "../../../host/log.ts";
import { type ConnectionParts, openConnection } from "./connection.ts";

/** The end of a connection whose other end reads when it is told to. */
function createSocket() {
  const calls: string[] = [];
  const sent: (() => void)[] = [];
  const note = (name: string) => () => void calls.push(name);
  const fields = { readyState: 1, OPEN: 1, bufferedAmount: 0 };
  const socket = Object.assign(new EventEmitter(), fields, {
    send(_text: string, written: () => void) {
      sent.push(written);
      socket.bufferedAmount = 1_000_000;
    },
    ...{ pause: note("pause"), resume: note("resume"), terminate: note("terminate") },
  });
  const read = () => {
    socket.bufferedAmount = 0;
    for (const written of sent.splice(0)) written();
  };
  return { socket, calls, read };
}

const never = () => Promise.reject(new Error("no node is to be asked"));

test("who sends nonsense and does not read is not heard until it does, and is cut off after 30 s", async () => {
  const clock = createFakeClock();
  const { socket, calls, read } = createSocket();
  const generate = { stream: never, whole: never };
  const parts: ConnectionParts = { prepare: never, generate, clock, log: createLog("silent") };
  openConnection(parts, socket as unknown as WebSocket, "request", undefined);
  socket.emit("message", Buffer.from("nonsense"), false);
  expect(calls).toEqual(["pause"]);
  read();
  await clock.advance(0);
  expect(calls).toEqual(["pause", "resume"]);
  socket.emit("message", Buffer.from("nonsense"), false);
  Object.assign(socket, { ping: () => undefined });
  await clock.advance(30_000);
  expect(calls).toEqual(["pause", "resume", "pause", "terminate"]);
});
