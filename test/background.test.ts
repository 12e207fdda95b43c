/** Roles in the background: started by a command that ends, ended by another, and nobody else's process with them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leaveRunFile } from "../src/host/run-file.ts";
import { freePort } from "../tools/services/ready.ts";
import { gatedText } from "./support/fake-engine/script.ts";
import {
  createFolder,
  lastObject,
  runTroop,
  startProgram,
  startTroop,
} from "./support/processes.ts";
import { startSeparateNetwork } from "./support/separate-network.ts";

/** Processes start and end; that takes a slow machine a while. */
const timeout = 120_000;

const isWell = async (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

const activeAt = async (workerUrl: string): Promise<number> => {
  const answer = await fetch(`${workerUrl}/status`);
  return ((await answer.json()) as { slots: { active: number } }).slots.active;
};

function killLater(pid: number) {
  return () => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  };
}

test(
  "the local API goes on when its command has ended, once, until `down`",
  { timeout },
  async () => {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await createFolder());
    const data = ["--data", path, "--json"];
    const coordinator = `http://127.0.0.1:${await freePort()}`;
    const up = ["up", "--daemon", "--port", "0", "--coordinator", coordinator, ...data];

    const alone = await runTroop(up);
    expect(alone.code).toBe(3);
    expect(lastObject(alone)).toMatchObject({ error: { code: "coordinator_unreachable" } });

    const started = startTroop(["coordinator", "--port", new URL(coordinator).port, ...data]);
    stack.use(started);
    await started.line(/^\{"url":.*\n/m);
    const first = await runTroop(up);
    expect(first).toMatchObject({ code: 0 });
    const { url, pid } = lastObject(first) as { url: string; pid: number };
    stack.defer(killLater(pid));
    expect(await isWell(url)).toBe(true);
    expect(readFileSync(join(path, "logs", "up.log"), "utf8")).toContain(`"pid":${pid}`);

    const second = await runTroop(up);
    expect(second.code).toBe(1);
    expect(lastObject(second)).toMatchObject({ error: { code: "data_folder_locked" } });
    expect(second.stderr).toContain(`runs here already: ${url}, pid ${pid}`);
    expect(await isWell(url)).toBe(true);

    const ended = await runTroop(["down", ...data]);
    expect(ended.code).toBe(0);
    expect(lastObject(ended)).toEqual({
      stopped: [
        { role: "client", url, pid, clean: true },
        { role: "coordinator", url: coordinator, pid: started.pid, clean: true },
      ],
    });
    expect(await isWell(url)).toBe(false);
    expect(await started.ended).toMatchObject({ code: 0 });
    const nothing = await runTroop(["down", "--data", path]);
    expect(nothing).toMatchObject({ code: 0, stdout: "Nothing runs here.\n" });
  },
);

test(
  "a process that has got the number of one that was killed is left alone",
  { timeout },
  async () => {
    await using folder = await createFolder();
    await using stranger = startProgram("tail", ["-f", "/dev/null"]);
    const left = { url: "http://127.0.0.1:9", coordinator: "http://127.0.0.1:9" };
    using _note = leaveRunFile(folder.path, "worker", { ...left, pid: stranger.pid });
    const told = await runTroop(["down", "--data", folder.path, "--json"]);
    expect(told.code).toBe(0);
    expect(lastObject(told)).toEqual({ stopped: [] });
    expect(existsSync(`/proc/${stranger.pid}`) || process.platform !== "linux").toBe(true);
    expect((await stranger.end("SIGINT")).signal).toBe("SIGINT");
  },
);

test("what a worker still computes is said, and waited for", { timeout }, async () => {
  await using network = await startSeparateNetwork(gatedText("one ", "two"));
  const answer = fetch(`${network.clientUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Count." }] }),
  });
  network.engine.next();
  await expect.poll(() => activeAt(network.workerUrl)).toBe(1);
  await using command = startTroop([
    "down",
    "worker",
    "--data",
    network.folderOf("worker"),
    "--json",
  ]);
  await command.line(/The worker: completes 1 running/);
  network.engine.next();
  network.engine.next();
  expect(await (await answer).json()).toMatchObject({
    choices: [{ message: { content: "one two" } }],
  });
  const ended = await command.ended;
  expect(ended.code).toBe(0);
  expect(lastObject(ended)).toMatchObject({ stopped: [{ role: "worker", clean: true }] });
});
