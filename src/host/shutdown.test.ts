import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { listenForShutdown } from "./shutdown.ts";

function start() {
  const clock = createFakeClock();
  const system = new EventEmitter();
  let seconds = 0;
  const shutdown = listenForShutdown(clock, () => void (seconds += 1), system);
  return { clock, system, shutdown, seconds: () => seconds };
}

test("one signal aborts; the same Ctrl-C, passed on by npm, is not a second one", async () => {
  const { clock, system, shutdown, seconds } = start();
  expect(shutdown.signal.aborted).toBe(false);
  system.emit("SIGINT", "SIGINT");
  expect(shutdown.signal.reason).toMatchObject({ message: "received SIGINT" });
  await clock.advance(50);
  system.emit("SIGINT", "SIGINT");
  expect(seconds()).toBe(0);
});

test("who presses again after a while does not want to wait", async () => {
  const { clock, system, seconds } = start();
  system.emit("SIGTERM", "SIGTERM");
  await clock.advance(1_000);
  system.emit("SIGINT", "SIGINT");
  expect(seconds()).toBe(1);
});

test("disposed of, it hears nothing more", () => {
  const { system, shutdown } = start();
  shutdown[Symbol.dispose]();
  expect(system.eventNames()).toEqual([]);
});
