/** Sealing keys as people live with them: renewed every week unnoticed, refused when the owner is another. */
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { runCli } from "../src/cli/cli.ts";
import { createPinsStore, type PinsStore } from "../src/client/sealing/pins-store.ts";
import { openLocalDatabase } from "../src/host/local-database.ts";
import { peersAnswer } from "../src/protocol/offers.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";

const minute = 60_000;
const sixDays = 6 * 24 * 60 * minute;

function withPins<Result>({ folder }: Network, use: (pins: PinsStore) => Result): Result {
  using database = openLocalDatabase(join(folder, "client"), "client.sqlite");
  return use(createPinsStore(database));
}

/** Moves time on until the node has said again that it is there. */
async function listed({ calls, clock, requester: signer }: Network): Promise<void> {
  for (;;) {
    const list = { method: "GET", path: "/peers", signer, answer: peersAnswer } as const;
    const { count } = await calls.call(list);
    // A client's own list may be a few seconds older.
    await clock.advance(6_000);
    if (count > 0) return;
  }
}

async function ask({ sidecar }: Network) {
  const response = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hi." }] }),
  });
  const body = (await response.json()) as { error?: { code: string; message: string } };
  return { status: response.status, ...body.error };
}

/** `troop` in another terminal. */
async function type(line: string): Promise<number> {
  const [program, ...words] = line.split(" ");
  expect(program).toBe("troop");
  const sink = () => new Writable({ write: (_chunk, _encoding, done) => done() });
  return runCli(words, {
    terminal: { stdin: Readable.from([]), stdout: sink(), stderr: sink() },
    environment: { LOG_LEVEL: "silent" },
    shutdown: new AbortController().signal,
  });
}

test("a node's key changes after six days, and no request notices", async () => {
  await using network = await startNetwork();
  const kids = new Set<string | undefined>();
  const answered = async () => {
    await listed(network);
    expect(await ask(network)).toEqual({ status: 200 });
    kids.add(withPins(network, (pins) => pins.find(network.node.id)?.key?.kid));
  };
  await answered();
  // The machines sleep: their timers stand still, their clocks do not. The key is looked at within an hour.
  network.clock.shiftWall(sixDays - 30 * minute);
  for (let passed = 0; passed < 64 * minute; passed += 8 * minute) {
    await network.clock.advance(8 * minute);
    await answered();
  }
  expect(kids.size).toBe(2);
});

test("another owner is refused, and the command in the message accepts them while the sidecar runs", async () => {
  await using network = await startNetwork();
  const { node, provider } = network;
  const stranger = await makeSigner();
  withPins(network, (pins) => pins.accept(node.id, stranger.id, network.clock.now()));

  const refused = await ask(network);
  expect(refused).toMatchObject({ status: 502, code: "node_key_changed" });
  const [, command] = /type: (troop .*)$/.exec(refused.message!)!;
  expect(command).toContain(`accept ${node.id} ${provider.id}`);
  expect(await type(command!)).toBe(0);

  expect(await ask(network)).toEqual({ status: 200 });
  expect(withPins(network, (pins) => pins.find(node.id))).toMatchObject({ owner: provider.id });
});

test("a node that was forgotten is met anew by the sidecar that runs", async () => {
  await using network = await startNetwork();
  const { node, provider, folder } = network;
  withPins(network, (pins) => pins.accept(node.id, provider.id.slice(1) + "A", 0));
  expect(await ask(network)).toMatchObject({ code: "node_key_changed" });
  expect(await type(`troop nodes forget ${node.id} --data ${folder}`)).toBe(0);
  expect(await ask(network)).toEqual({ status: 200 });
});
