/** The worker's sealing keys over weeks, and what it opens with them. */
import { exportJWK, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { checkKeyStatement, type NodeKey } from "../../protocol/key-statement.ts";
import { readSealedHeaders } from "../../protocol/sealed-stream-header.ts";
import { createSealingSession } from "../../protocol/sealed-stream-session.ts";
import { createSigner, type PublicJwk, verifier } from "../../protocol/signature.ts";
import { createSealingKeys } from "./keys.ts";
import { createSessions } from "./sessions.ts";

const audience = "https://troop.example";
const minute = 60_000;
const day = 24 * 60 * minute;
const makeSigner = async () => {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
};
const [node, owner] = [await makeSigner(), await makeSigner()];

async function startKeys() {
  const clock = createFakeClock();
  let changes = 0;
  const keys = createSealingKeys({
    ...{ node, owner, audience, clock, now: () => clock.now(), random: systemRandom },
    ...{ log: createLog("silent"), onChange: () => (changes += 1) },
  });
  await keys.refresh();
  const sessions = createSessions({
    ...{ keys, node: node.id, random: systemRandom },
    now: () => clock.now(),
  });
  const read = () =>
    checkKeyStatement(verifier, keys.statement()!, { audience, node: node.id, now: clock.now() });
  return { clock, keys, sessions, read, changes: () => changes };
}

/** A client's ticket, sealed to the key that was stated when it was made. */
function sealTo(key: NodeKey, ticket: string) {
  const session = createSealingSession({ ticket, ...key, key, random: systemRandom });
  return (k: number) => readSealedHeaders(session.seal(k).headers);
}

test("over two weeks the key changes every six days, and every ticket opens until it ends", async () => {
  const { clock, keys, sessions, read, changes } = await startKeys();
  const kids = new Set<string>();
  for (let hours = 0; hours < 14 * 24; hours += 1) {
    const key = await read();
    kids.add(key.kid);
    const ticket = `ticket ${hours}`;
    const seal = sealTo(key, ticket);
    sessions.open(ticket, Infinity, seal(1)).keep();
    await clock.advance(60 * minute);
    await keys.refresh();
    // Longer than any ticket lives, and its key may have given way meanwhile.
    sessions.open(ticket, Infinity, seal(2));
  }
  expect(kids.size).toBe(3);
  expect(changes()).toBe(3);
});

test("who was told of a key opens with it until it ends and six minutes more, then learns of the next", async () => {
  const { clock, keys, sessions, read } = await startKeys();
  const seal = sealTo(await read(), "ticket");
  sessions.open("ticket", Infinity, seal(1)).keep();
  for (const at of [6 * day, day + 5 * minute]) {
    await clock.advance(at);
    await keys.refresh();
  }
  expect(() => sessions.open("ticket", Infinity, seal(2))).not.toThrow();
  await clock.advance(2 * minute);
  await keys.refresh();
  // Also what was kept of the session is of no use any more.
  let refusal: unknown;
  try {
    sessions.open("ticket", Infinity, seal(3));
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({
    ...{ code: "session_unknown", details: { key_statement: keys.statement() } },
  });
});

test("a restart begins with a key and a boot of its own, and opens nothing of before", async () => {
  const before = await startKeys();
  const seal = sealTo(await before.read(), "ticket");
  const after = await startKeys();
  expect(after.keys.boot).not.toBe(before.keys.boot);
  expect(() => after.sessions.open("ticket", Infinity, seal(1))).toThrow(
    expect.objectContaining({ code: "session_unknown" }) as Error,
  );
});

test("what a ticket has tried is never forgotten to make room for another's; one that has ended makes room", async () => {
  const { clock, sessions, read } = await startKeys();
  const key = await read();
  const seal = sealTo(key, "first");
  const endsAt = clock.now() + 5 * minute;
  const attempt = seal(1);
  const opening = sessions.open("first", endsAt, attempt);
  opening.keep();
  opening.exchange.claim();
  const another = sealTo(key, "another")(1);
  let others = 0;
  const fill = () => sessions.open(`ticket ${(others += 1)}`, endsAt, another).keep();
  expect(() => {
    for (;;) fill();
  }).toThrow(expect.objectContaining({ code: "busy" }) as Error);
  const again = sessions.open("first", endsAt, attempt);
  expect(() => again.exchange.claim()).toThrow(
    expect.objectContaining({ code: "request_replayed" }) as Error,
  );
  await clock.advance(6 * minute);
  expect(fill).not.toThrow();
});
