/** What Tab offers: by the commands themselves, and in a real bash. */
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { launcher, startProgram } from "../../test/support/processes.ts";
import { startTestNetwork } from "../client/fixtures/sidecar.fixture.ts";
import { leaveRunFile } from "../host/run-file.ts";
import { createMachine, type Machine } from "./command-line.fixture.ts";

const coordinator = "http://127.0.0.1:9";

async function offered(machine: Machine, ...words: string[]): Promise<string[]> {
  const { json, code } = await machine.troopAlone("completion", "fish", "--json", "--", ...words);
  expect(code).toBe(0);
  return json.candidates as string[];
}

async function serve(answer: string) {
  const server = createServer((_, response) => response.end(answer)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test.each([
  [["bal"], ["balance"]],
  [["worker", "pau"], ["pause"]],
  [
    ["admin", "migrate", ""],
    ["up", "down", "status", "new", "help"],
  ],
  [["up", "--dae"], ["--daemon"]],
  [["up", "--port", "9", "--dae"], ["--daemon"]],
  [
    ["worker", "--yield", ""],
    ["stop", "finish"],
  ],
  [["worker", "--yield", "stop", "--for", "o"], ["own"]],
  [
    ["launch", "co"],
    ["codex", "continue"],
  ],
  [["launch", "codex", "--", "--mo"], []],
  [["down", "worker", "co"], ["coordinator"]],
  [["service", "install", "w"], ["worker"]],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [["up", "--port", ""], []],
  [["no-such-command", ""], []],
])("behind %j stands one of %j", async (words, expected) => {
  using machine = createMachine(coordinator);
  expect(await offered(machine, ...words)).toEqual(expected);
});

test("each candidate tells what it is, in the way of the shell", async () => {
  using machine = createMachine(coordinator);
  const { stdout } = await machine.troopAlone("completion", "fish", "--", "balanc");
  expect(stdout).toBe("balance\tcredits to spend\n");
});

test("models come from the local API that runs here, and nothing that a shell would run", async () => {
  await using network = await startTestNetwork(createFakeClock());
  using machine = createMachine(coordinator);
  expect(await offered(machine, "chat", "--model", "t")).toEqual([]);
  const { url } = network.sidecar;
  using _note = leaveRunFile(machine.folder, "client", { url, pid: 1, coordinator });
  expect(await offered(machine, "chat", "--model", "toy")).toEqual(["toy:1b"]);
});

test.each(["toy; rm -rf ~", "$(id)", "`id`", "a b", "x'y", "*"])(
  "a model called %j is not offered",
  async (id) => {
    using machine = createMachine(coordinator);
    const answer = JSON.stringify({ data: [{ id }, { id: "fine" }] });
    await using server = await serve(answer);
    using _note = leaveRunFile(machine.folder, "client", { url: server.url, pid: 1, coordinator });
    expect(await offered(machine, "chat", "--model", "")).toEqual(["fine"]);
  },
);

/** Each Tab is a process; that takes a slow machine a while. */
const timeout = 120_000;

test("a real bash completes: commands, flags, and a name with a colon", { timeout }, async () => {
  await using network = await startTestNetwork(createFakeClock());
  using machine = createMachine(coordinator);
  const { url } = network.sidecar;
  using _note = leaveRunFile(machine.folder, "client", { url, pid: 1, coordinator });
  const shim = join(machine.folder, "troop");
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(shim, 0o700);
  const typed = (line: string) =>
    `COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${line}) COMP_CWORD=1; _troop; echo "[\${COMPREPLY[*]}]"`;
  const script = [
    `eval "$(troop completion bash)"`,
    "complete -p troop",
    ...["troop bal", "troop up --daem", "troop chat --model toy:1"].map(typed),
  ].join("\n");
  const told = await startProgram("bash", ["-c", script], {
    environment: {
      PATH: [machine.folder, process.env["PATH"]].join(delimiter),
      DATA_DIR: machine.folder,
    },
  }).ended;
  const [declared, ...completed] = told.stdout.trim().split("\n");
  expect(declared).toContain("-F _troop troop");
  expect(completed).toEqual(["[balance]", "[--daemon]", "[1b]"]);
});
