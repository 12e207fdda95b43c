/** `troop chat` against a running local API: one question, a pipe, and a conversation at a terminal. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startTestNetwork } from "../client/fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "../client/fixtures/stub-worker.fixture.ts";
import { createMachine } from "./command-line.fixture.ts";

async function start(script: Script = sayHello) {
  const clock = createFakeClock();
  const network = await startTestNetwork(clock, [script]);
  const machine = createMachine(network.coordinator.url);
  const where = ["chat", "--url", network.sidecar.url];
  const asked = () => network.worker.requests.map(({ body }) => body["messages"]);
  return {
    ...{ network, machine, asked, clock },
    chat: (...words: string[]) => machine.troopAlone(...where, ...words),
    typing: (keys: string, ...words: string[]) => machine.troopAsked(keys, ...where, ...words),
    async [Symbol.asyncDispose]() {
      machine[Symbol.dispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

test("one question is answered on stdout, and with --json with what it cost", async () => {
  await using here = await start();
  const told = await here.chat("Who", "is there?");
  expect(told).toMatchObject({ code: 0, stdout: "Hello you\n" });
  expect(here.asked()).toEqual([[{ role: "user", content: "Who is there?" }]]);
  const { json } = await here.chat("--json", "--system", "Be terse.", "Who?");
  expect(json).toEqual({
    ...{ text: "Hello you", model: "toy:1b", node: here.network.worker.nodeId },
    ...{ prompt_tokens: 5, completion_tokens: 2, cost: "0.010000" },
  });
  expect(here.asked()[1]).toEqual([
    { role: "system", content: "Be terse." },
    { role: "user", content: "Who?" },
  ]);
});

test("an answer that breaks off ends its line, so that the failure stands on one of its own", async () => {
  await using here = await start(({ open, text, end }) => {
    open();
    text("Hello");
    end();
  });
  const told = await here.chat("Who?");
  expect(told).toMatchObject({ code: 1, stdout: "Hello\n" });
  expect(told.stderr).toMatch(/^error: stream_truncated/);
});

test("what comes by a pipe is the question, or stands where `-` stands", async () => {
  await using here = await start();
  const { url } = here.network.sidecar;
  const words = (...more: string[]) => ["chat", "--url", url, ...more];
  await here.machine.troopWith("From a pipe.\n", ...words());
  await here.machine.troopWith("a diff\n", ...words("Is this right?", "-"));
  expect(here.asked().map((messages) => (messages as { content: string }[])[0]!.content)).toEqual([
    "From a pipe.",
    "Is this right?\n\na diff",
  ]);
});

test("a conversation goes on with what was said, until it is ended", async () => {
  await using here = await start();
  const { code, stdout, stderr } = await here.typing("One?\n/nope\nTwo?\n/models\n/quit\n");
  expect(code).toBe(0);
  expect(stdout).toBe("Hello youHello you");
  expect(here.asked()[1]).toEqual([
    { role: "user", content: "One?" },
    { role: "assistant", content: "Hello you" },
    { role: "user", content: "Two?" },
  ]);
  expect(stderr).toContain("toy:1b · 5 + 2 tokens · 0.010000 credits");
  expect(stderr).toContain("/nope? /help lists what there is.");
  expect(stderr).toContain("* troop/auto");
});

test("Ctrl-C drops what is being typed, and the conversation goes on", async () => {
  await using here = await start();
  const { code, stderr } = await here.typing("No\\\nnever\u0003One?\n/quit\n");
  expect(code).toBe(0);
  expect(stderr).toContain("Ctrl-D ends.");
  expect(here.asked()).toEqual([[{ role: "user", content: "One?" }]]);
});

test("who waits for an answer is told so, once", async () => {
  const begun = Promise.withResolvers<void>();
  const allow = Promise.withResolvers<void>();
  await using here = await start(async (exchange) => {
    begun.resolve();
    await allow.promise;
    await sayHello(exchange);
  });
  const talking = here.typing("One?\n/quit\n");
  await begun.promise;
  for (let passed = 0; passed < 3; passed += 1) await here.clock.advance(10_000);
  allow.resolve();
  const { stdout, stderr } = await talking;
  expect(stdout).toBe("Hello you");
  expect(stderr.match(/waiting for a node/g)).toHaveLength(1);
});

test("what was typed is kept for the arrow keys, for its owner alone, unless that is not wanted", async () => {
  await using here = await start();
  const file = join(here.machine.folder, "chat-history");
  await here.typing("Secret?\n/quit\n", "--no-history");
  expect(existsSync(file)).toBe(false);
  await here.typing("One?\n/quit\n");
  expect(readFileSync(file, "utf8")).toBe("One?\n/quit\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a failure is told and the conversation goes on; a model that is not there is not taken", async () => {
  await using here = await start();
  const typed = "/model none\n/save /no/such/folder/talk.md\nOne?\n/retry\n/quit\n";
  const { code, stdout, stderr } = await here.typing(typed);
  expect(code).toBe(0);
  expect(stderr).toContain("model_not_found");
  expect(stderr).toContain("/no/such/folder/talk.md");
  expect(stdout).toBe("Hello youHello you");
  expect(here.asked()).toHaveLength(2);
  expect(here.asked()[1]).toEqual([{ role: "user", content: "One?" }]);
});

test("a model that went away a moment ago is not one that there is not", async () => {
  await using here = await start();
  await here.chat("Who?");
  here.network.coordinator.nodes = [];
  await here.clock.advance(15_001);
  const told = await here.chat("--model", "toy:1b", "Who?", "--json");
  const said = { code: "no_nodes_available", cause: expect.stringContaining("15 s ago") as string };
  expect(told.json).toMatchObject({
    error: { ...said, run: expect.stringContaining("troop nodes") },
  });
});

test.each([
  [["--model", "none", "Who?"], 1, "model_not_found"],
  [[], 2, "usage"],
  [["--url", "bogus", "Who?"], 2, "usage"],
  [["--url", "http://127.0.0.1:1", "Who?"], 3, "client_not_running"],
])("%j ends with %d, %s", async (words, code, reason) => {
  await using here = await start();
  const told = await here.chat(...words, "--json");
  expect(told).toMatchObject({ code, json: { error: { code: reason } } });
});
