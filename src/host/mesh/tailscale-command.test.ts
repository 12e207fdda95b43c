import { getEventListeners } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createLocalApi } from "./local-api.ts";
import { createTailscaleCommand } from "./tailscale-command.ts";

const folder = mkdtempSync(join(tmpdir(), "troop-tailscale-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, text: string) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o700);
}
const environment = { PATH: [folder, process.env["PATH"]].join(delimiter), MARK: "handed on" };

test("what it prints and how it ends come back, and it gets the words and the environment", async () => {
  script("tailscale", 'echo "$1|$2|$MARK"; echo "sorry" >&2; exit 3');
  const run = createTailscaleCommand(environment, systemClock);
  expect(await run(["one", "two words"], 60_000)).toEqual({
    ...{ kind: "ended", code: 3, stdout: "one|two words|handed on\n", stderr: "sorry\n" },
  });
});

test("a program that is not there is missing, one that cannot be started fails", async () => {
  const empty = { PATH: join(folder, "nowhere") };
  expect(await createTailscaleCommand(empty, systemClock)([], 60_000)).toEqual({ kind: "missing" });
  script("tailscale", "exit 0");
  chmodSync(join(folder, "tailscale"), 0o600);
  const run = createTailscaleCommand({ PATH: folder }, systemClock);
  expect(await run([], 60_000)).toEqual({
    ...{ kind: "failed", reason: expect.stringContaining("EACCES") as string },
  });
});

test("one that does not end is killed at its time, and those it started keep nobody waiting", async () => {
  script("tailscale", "sleep 60 & wait");
  const clock = createFakeClock();
  const ending = createTailscaleCommand(environment, clock)([], 3_000);
  await clock.advance(3_000);
  expect(await ending).toEqual({ kind: "failed", reason: "no end after 3 s" });
});

test("whoever stops us is not kept waiting by it", async () => {
  script("tailscale", "exec sleep 60");
  const stop = new AbortController();
  const ending = createTailscaleCommand(environment, createFakeClock())([], 3_000, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(ending).rejects.toThrow("stopped");
});

test("however it ends, nothing of it is left with a signal that lives for weeks", async () => {
  const { signal } = new AbortController();
  script("tailscale", "exit 0");
  const run = createTailscaleCommand(environment, systemClock);
  await run([], 60_000, signal);
  await createTailscaleCommand({ PATH: join(folder, "nowhere") }, systemClock)([], 60_000, signal);
  script("tailscale", "exec sleep 60");
  const clock = createFakeClock();
  const ending = createTailscaleCommand(environment, clock)([], 3_000, signal);
  await clock.advance(3_000);
  await ending;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a socket that takes the question and says nothing is given up at its time", async () => {
  const path = join(folder, "silent.sock");
  const asked = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.once("data", () => asked.resolve()).on("error", () => undefined);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(path, resolve);
  await listening;
  const clock = createFakeClock();
  const answer = createLocalApi(path, clock)();
  await asked.promise;
  await clock.advance(2_000);
  expect(await answer).toBeUndefined();
  server.close();
});
