/** Delivery against a coordinator that answers as the test says: at least once, in order, and nothing blocks the rest. */
import { exportJWK, generateKeyPair } from "jose";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { systemRandom } from "../base/random.ts";
import { nameUuid } from "../protocol/ids.ts";
import type { StatementOutcome } from "../protocol/receipt.ts";
import { createSigner, type PublicJwk } from "../protocol/signature.ts";
import { createCoordinatorClient } from "./coordinator-client.ts";
import { openLocalDatabase } from "./local-database.ts";
import { createLog } from "./log.ts";
import { createOutbox } from "./outbox.ts";

interface Sent {
  hold: string;
  ks: number[];
  iat: number;
  jws: string;
}
type Reply = { outcomes: StatementOutcome[] } | { status: number; code: string };

/** A hold's id for each name. */
const id = (name: string) => nameUuid("test-hold", name);

const accepted = ({ hold }: Sent): StatementOutcome => ({ status: "accepted", hold, lines: [] });
const refused = (code: "clock_skew" | "hold_not_found" | "account_revoked"): StatementOutcome => ({
  status: "refused",
  code,
});

async function open(reply: (sent: Sent[]) => Reply) {
  const clock = createFakeClock();
  const calls: Sent[][] = [];
  // The coordinator's clock, which the sender learns of by each answer.
  const coordinatorTime = { aheadMs: 0 };
  const server = createServer((request, response) => {
    void (async () => {
      const { statements } = (await json(request)) as { statements: string[] };
      const sent = statements.map(read);
      calls.push(sent);
      const answer = reply(sent);
      const now = String(clock.now() + coordinatorTime.aheadMs);
      const status = "code" in answer ? answer.status : 200;
      const error = { message: "no", type: "test", param: null };
      const body =
        "code" in answer ? { error: { ...error, code: answer.code }, request_id: "1" } : answer;
      response.writeHead(status, { "troop-time": now }).end(JSON.stringify(body));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const coordinator = createCoordinatorClient({ url, clock, random: systemRandom });
  const database = openLocalDatabase("", ":memory:");
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  const signer = await createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
  const restart = () =>
    createOutbox({
      signer,
      ...{ database, coordinator, clock, random: systemRandom, log: createLog("silent") },
      ...{ path: "/receipts", type: "troop-receipt+jwt" },
    });
  onTestFinished(async () => {
    await coordinator[Symbol.asyncDispose]();
    server.close();
    database[Symbol.dispose]();
  });
  const outbox = restart();
  const { signal } = new AbortController();
  return { outbox, restart, calls, clock, coordinatorTime, deliver: () => outbox.deliver(signal) };
}

function read(jws: string): Sent {
  const payload = JSON.parse(Buffer.from(jws.split(".")[1]!, "base64url").toString()) as {
    hold: string;
    iat: number;
    lines: { k: number }[];
  };
  return { hold: payload.hold, iat: payload.iat, ks: payload.lines.map(({ k }) => k), jws };
}

test("lines of one hold go in one statement, and leave once they are answered", async () => {
  const { outbox, calls, deliver } = await open((sent) => ({ outcomes: sent.map(accepted) }));
  outbox.add(id("a"), { k: 2 });
  outbox.add(id("b"), { k: 1 });
  outbox.add(id("a"), { k: 1 });
  await deliver();
  expect(calls.map((call) => call.map(({ hold, ks }) => [hold, ks]))).toEqual([
    [
      [id("a"), [1, 2]],
      [id("b"), [1]],
    ],
  ]);
  expect(outbox.pending()).toBe(0);
  await deliver();
  expect(calls).toHaveLength(1);
});

test("a call that failed is repeated word for word", async () => {
  let isUp = false;
  const { outbox, calls, deliver } = await open((sent) =>
    isUp ? { outcomes: sent.map(accepted) } : { status: 503, code: "ledger_unavailable" },
  );
  outbox.add(id("a"), { k: 1 });
  await expect(deliver()).rejects.toMatchObject({ code: "ledger_unavailable" });
  isUp = true;
  await deliver();
  expect(calls[1]).toEqual(calls[0]);
  expect(outbox.pending()).toBe(0);
});

test("one statement that breaks its call does not hold up the others", async () => {
  const { outbox, deliver } = await open((sent) =>
    sent.some(({ hold }) => hold === id("poison"))
      ? { status: 500, code: "internal_error" }
      : { outcomes: sent.map(accepted) },
  );
  for (const hold of ["a", "poison", "b"]) outbox.add(id(hold), { k: 1 });
  await expect(deliver()).rejects.toMatchObject({ code: "internal_error" });
  expect(outbox.pending()).toBe(1);
});

test("a coordinator that cannot take anything now is asked once, not once for each statement", async () => {
  const { outbox, calls, deliver } = await open(() => ({
    status: 429,
    code: "rate_limit_exceeded",
  }));
  for (const hold of ["a", "b", "c"]) outbox.add(id(hold), { k: 1 });
  await expect(deliver()).rejects.toMatchObject({ code: "rate_limit_exceeded" });
  expect(calls).toHaveLength(1);
});

test("lines signed under a wrong clock are signed again with the right time, and not lost", async () => {
  let isRight = false;
  const { outbox, calls, deliver, coordinatorTime } = await open((sent) => ({
    outcomes: sent.map((each) => (isRight ? accepted(each) : refused("clock_skew"))),
  }));
  coordinatorTime.aheadMs = 3_600_000;
  outbox.add(id("a"), { k: 1 });
  await expect(deliver()).rejects.toMatchObject({ code: "clock_skew" });
  isRight = true;
  await deliver();
  expect(calls[1]![0]).toMatchObject({ hold: id("a"), ks: [1] });
  expect(calls[1]![0]!.iat - calls[0]![0]!.iat).toBe(3_600);
  expect(outbox.pending()).toBe(0);
});

test("what an account says while it is cut off waits as it is, and is taken when it is let in again", async () => {
  let isCutOff = true;
  const { outbox, calls, deliver } = await open((sent) => ({
    outcomes: sent.map((each) => (isCutOff ? refused("account_revoked") : accepted(each))),
  }));
  outbox.add(id("a"), { k: 1 });
  await expect(deliver()).rejects.toMatchObject({ code: "account_revoked" });
  isCutOff = false;
  await deliver();
  expect(calls[1]).toEqual(calls[0]);
  expect(outbox.pending()).toBe(0);
});

test("what waits has waited since it was signed, also after a restart", async () => {
  const { outbox, restart, clock, deliver } = await open(() => ({
    ...{ status: 503, code: "ledger_unavailable" },
  }));
  outbox.add(id("a"), { k: 1 });
  await expect(deliver()).rejects.toMatchObject({ code: "ledger_unavailable" });
  await clock.advance(3 * 86_400_000);
  expect(outbox.waitingMs()).toBe(3 * 86_400_000);
  expect(restart().waitingMs()).toBe(3 * 86_400_000);
});

test("any other refusal is the coordinator's final answer", async () => {
  const { outbox, deliver } = await open((sent) => ({
    outcomes: sent.map(() => refused("hold_not_found")),
  }));
  outbox.add(id("a"), { k: 1 });
  await deliver();
  expect(outbox.pending()).toBe(0);
});

test("a queue longer than a call goes in several, a second apart", async () => {
  const { outbox, calls, deliver, clock } = await open((sent) => ({
    outcomes: sent.map(accepted),
  }));
  for (let number = 0; number < 60; number += 1) outbox.add(id(String(number)), { k: 1 });
  const delivered = deliver();
  while (outbox.pending() > 10) await new Promise((resolve) => setImmediate(resolve));
  expect(calls.map(({ length }) => length)).toEqual([50]);
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(1_000);
  await delivered;
  expect(calls.map(({ length }) => length)).toEqual([50, 10]);
});
