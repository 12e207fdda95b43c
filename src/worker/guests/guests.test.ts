/** Who may use a worker: decided by its owner, heeded with the next request, before a byte of its body is read. */
import { expect, test } from "vitest";
import {
  headBytes,
  openRequest,
  readReply,
} from "../../../test/support/fake-engine/infer-client.ts";
import { gatedText, plainText, waiting } from "../../../test/support/fake-engine/script.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { systemClock } from "../../base/clock.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { createLog } from "../../host/log.ts";
import { callWorker } from "../control/call-worker.ts";
import { usualSettings } from "../idle/settings.ts";
import { readGuestSettings } from "./config.ts";
import { createGuests } from "./guests.ts";
import { createGuestsStore } from "./guests-store.ts";

const refused = { code: "not_allowed", status: 403, outerStatus: 403 };
const tell = ({ dataFolder }: TestWorker, path: string, body: object) =>
  callWorker({ folder: dataFolder, method: "POST", path, body, clock: systemClock });

test.each([
  ["own", { own: true }, 200],
  ["own", { own: false }, 403],
  ["troop", { own: true }, 200],
  ["troop", { own: false }, 403],
  ["all", { own: false }, 200],
] as const)("lending to %s, a ticket with %o gets %d", async (lendTo, claims, status) => {
  const guests = readGuestSettings({ LEND_TO: lendTo });
  await using network = await startTestWorker({ config: { guests } });
  const reply = await network.ask({ ticket: await network.ticket(claims) });
  expect(reply).toMatchObject(status === 403 ? refused : { status });
});

test("the refusal does not wait for the request", async () => {
  const guests = readGuestSettings({ LEND_TO: "own" });
  await using network = await startTestWorker({ config: { guests } });
  const ticket = await network.ticket();
  const { request, response } = openRequest({ url: network.worker.url, ticket });
  request.write(headBytes({ url: "", ticket }));
  expect(await readReply(await response)).toMatchObject(refused);
  request.destroy();
});

test("who is blocked is refused at once and after a restart, others are not; unblocked they are served", async () => {
  await using network = await startTestWorker();
  const theirs = await network.ticket({ sub: "them" });
  expect((await network.ask({ ticket: theirs, k: 1 })).status).toBe(200);
  expect(await tell(network, "/block", { requester: "them" })).toMatchObject({ blocked: true });
  expect(await network.ask({ ticket: theirs, k: 2 })).toMatchObject(refused);
  expect((await network.ask({ ticket: await network.ticket({ sub: "me" }) })).status).toBe(200);
  await network.restart();
  const same = network.coordinator.resealed(theirs);
  expect(await network.ask({ ticket: same, k: 2 })).toMatchObject(refused);
  expect(await tell(network, "/unblock", { requester: "them" })).toMatchObject({
    was_blocked: true,
  });
  expect((await network.ask({ ticket: same, k: 2 })).status).toBe(200);
});

test("one requester has as many requests at once as the owner says, the owner as many as there are slots", async () => {
  await using network = await startTestWorker({
    ...{ slots: 4, script: gatedText("one") },
    config: { guests: readGuestSettings({ REQUESTER_STREAMS: "1" }) },
  });
  const begin = async (claims: { sub?: string; own?: boolean }) => {
    const { response } = network.start({ ticket: await network.ticket(claims) });
    await network.engine.requests.next();
    return { reply: response.then(readReply) };
  };
  const running = [await begin({ sub: "them" }), await begin({ sub: "others" })];
  const busy = await network.ask({ ticket: await network.ticket({ sub: "them" }) });
  expect(busy).toMatchObject({ code: "busy", status: 503 });
  running.push(await begin({ own: true }), await begin({ own: true }));
  for (let gate = 0; gate < 8; gate += 1) network.engine.next();
  await Promise.all(running.map(({ reply }) => reply));
  network.engine.play(plainText("fine"));
  const after = await network.ask({ ticket: await network.ticket({ sub: "them" }) });
  expect(after.status).toBe(200);
});

test("what one requester spends in a day is capped, also over a restart, and anew the next day", async () => {
  await using network = await startTestWorker({
    script: waiting(plainText("some", "words")),
    config: { guests: readGuestSettings({}, { dailyMost: 1n }) },
  });
  const { clock, engine } = network;
  const ask = async () => {
    const { response } = network.start({ ticket: await network.ticket({ sub: "them" }) });
    return readReply(await response);
  };
  const first = network.start({ ticket: await network.ticket({ sub: "them" }) });
  await engine.requests.next();
  await clock.advance(5_000);
  engine.next();
  expect(Number((await readReply(await first.response)).line!.cost)).toBeGreaterThan(0);
  engine.play(plainText("fine"));
  expect(await ask()).toMatchObject(refused);
  expect((await network.ask({ ticket: await network.ticket({ sub: "me" }) })).status).toBe(200);
  await network.restart();
  expect(await ask()).toMatchObject(refused);
  await clock.advance(24 * 3_600_000);
  expect((await ask()).status).toBe(200);
});

test("a report knows whose request it was, also after a restart; the status does not say", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket({ sub: "a-requester" });
  await network.ask({ ticket, k: 3 });
  const { jti: hold } = ticket.claims;
  expect(JSON.stringify(network.worker.status())).not.toContain("a-requester");
  await network.restart();
  expect(await tell(network, "/report", { hold, reason: "odd" })).toEqual({
    hold,
    requester: "a-requester",
  });
  await expect(tell(network, "/report", { hold: "x", reason: "" })).rejects.toMatchObject({
    code: "invalid_value",
  });
});

test("models larger than the owner's cap are not offered, those that name no size are", async () => {
  const model = (name: string, size_bytes?: number) => ({
    ...{ name, capabilities: ["chat" as const], loaded: false },
    ...(size_bytes === undefined ? {} : { size_bytes }),
  });
  await using network = await startTestWorker({
    models: [model("small", 4e9), model("large", 40e9), model("unknown")],
    config: { idle: { ...usualSettings, modelBytesMost: 8 * 1_024 ** 3 } },
  });
  expect(network.worker.status().models).toEqual(["small", "unknown"]);
});

test("what is kept of requesters is kept in a file of its own", () => {
  using database = openLocalDatabase("", ":memory:");
  const store = createGuestsStore(database);
  const parts = {
    ...{ settings: readGuestSettings({}), now: () => 7, log: createLog("silent") },
    requesterOf: () => undefined,
  };
  const guests = createGuests({ ...parts, store });
  guests.block("b");
  guests.block("a");
  guests.block("a");
  expect(createGuests({ ...parts, store }).blocked()).toEqual(["a", "b"]);
  expect([guests.unblock("a"), guests.unblock("a")]).toEqual([true, false]);
  expect(guests.report("hold", "first")).toBeUndefined();
  guests.report("hold", "second");
  expect(store.reports()).toEqual([{ hold: "hold", requester: null, reason: "second", at: 7 }]);
  store.addSpent("a", 1, 5n);
  store.addSpent("a", 1, 5n);
  expect([store.spent("a", 1), store.spent("b", 1)]).toEqual([10n, 0n]);
  store.addSpent("a", 2, 1n);
  expect([store.spent("a", 1), store.spent("a", 2)]).toEqual([0n, 1n]);
});
