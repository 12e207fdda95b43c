/** A spending cap is reached, by the hour, the day or one application: what the application hears, and `troop status`. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { createMachine } from "../../src/cli/command-line.fixture.ts";
import { noCaps } from "../../src/client/spending/caps.ts";
import { addKey } from "../../src/client/spending/keys.fixture.ts";
import { leaveRunFile } from "../../src/host/run-file.ts";
import { parseCredits } from "../../src/protocol/credits.ts";
import { type Network, startNetwork } from "../network.ts";
import { gatedText } from "../support/fake-engine/script.ts";
import { ask, failureOf, requestsOf } from "./story.ts";

/** Ten tokens' price of this network's model fits into it once, and not once more. */
const cap = 40_000n;
const script = gatedText("Nobody.");

const patience = { interval: 5, timeout: 30_000 };

/** An answer that takes so long that it costs what its tokens do. */
async function askSlowly(network: Network, key?: string): Promise<Response> {
  const { engine, clock } = network;
  const asked = engine.requests.all.length;
  const answer = ask(network, { max_tokens: 10 }, key === undefined ? {} : { "x-api-key": key });
  let isOver = false;
  void answer.finally(() => (isOver = true));
  const hasArrived = () => isOver || engine.requests.all.length > asked;
  await expect.poll(hasArrived, patience).toBe(true);
  if (isOver) return answer;
  await clock.advance(10_000);
  engine.next();
  engine.next();
  return answer;
}

/** @returns the refusal that comes after some answers */
async function untilRefused(network: Network, key?: string): Promise<Response> {
  let answer = await askSlowly(network, key);
  expect(answer.status).toBe(200);
  for (let asked = 0; asked < 4 && answer.status === 200; asked += 1)
    answer = await askSlowly(network, key);
  return answer;
}

/** `troop` on the machine where the local API runs. */
function commandsAt({ folder, sidecar, coordinator }: Network) {
  const machine = createMachine(coordinator.url, { DATA_DIR: folder });
  const note = { url: sidecar.url, pid: process.pid, coordinator: coordinator.url };
  const running = leaveRunFile(folder, "client", note);
  return {
    troop: machine.troopAlone,
    [Symbol.dispose]() {
      running[Symbol.dispose]();
      machine[Symbol.dispose]();
    },
  };
}

test.each([
  ["hourly", "an hour", "hour"],
  ["daily", "a day", "day"],
] as const)("the %s cap", async (window, words, shown) => {
  await using network = await startNetwork({
    ...{ script, client: { caps: { ...noCaps, [window]: cap } } },
  });
  using machine = commandsAt(network);
  const refused = await untilRefused(network);
  expect(refused.status).toBe(402);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_000);
  expect(await failureOf(refused)).toMatchObject({
    code: "spending_cap",
    message: expect.stringMatching(
      new RegExp(`^The cap is 0\\.04 credits ${words}: .* There is room in \\d+ (min|h)\\.$`),
    ) as string,
  });
  const answered = network.engine.requests.all.length;

  // What the cap counts is what the account was charged.
  await network.settle();
  const requests = await requestsOf(network);
  expect(requests).toHaveLength(answered);
  const charged = requests.reduce((sum, { amount }) => sum - parseCredits(amount), 0n);
  expect(charged).toBeGreaterThan(0n);
  expect(charged).toBeLessThanOrEqual(cap);
  const { json } = await machine.troop("status", "--json");
  const { details } = json.roles.find(({ role }: { role: string }) => role === "client");
  const { spent, cap: most, left } = details.spending[shown];
  expect([parseCredits(spent), most]).toEqual([charged, "0.040000"]);
  expect(parseCredits(left)).toBe(cap - charged);
  expect((await machine.troop("status")).stdout).toMatch(/in all +.*of 0\.04, 0\.\d+ left/);
});

test("an application's own cap, until it is raised, while others go on", async () => {
  await using network = await startNetwork({ script });
  using machine = commandsAt(network);
  const editor = addKey(join(network.folder, "client"), "editor", { daily: cap });
  const refused = await untilRefused(network, editor);
  expect(refused.status).toBe(402);
  expect((await failureOf(refused)).message).toContain('The cap of the key "editor" is 0.04');
  expect((await askSlowly(network)).status).toBe(200);

  expect((await machine.troop("keys", "cap", "editor", "--daily", "1")).code).toBe(0);
  expect((await askSlowly(network, editor)).status).toBe(200);
  expect((await machine.troop("status")).stdout).toMatch(
    /key editor +\S+ +0\.\d+ of 1, 0\.\d+ left/,
  );
});
