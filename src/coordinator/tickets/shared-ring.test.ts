/** One ring for all coordinators: what one of them signs, any of them vouches for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import type { TicketClaims } from "../../protocol/ticket.ts";
import { ticketKeys } from "../../protocol/ticket.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { openDatabase, type Database } from "../database.ts";
import { migrateUp } from "../migrations/migrate.ts";
import { readRing } from "./ring-store.ts";
import { openKeyRing } from "./shared-ring.ts";

const day = 24 * 60 * 60_000;
const secret = "known to every coordinator of it";
const resources = new AsyncDisposableStack();
const log = createLog("silent");
let database: Database;
let clock = createMovedClock();
let folder: string;
beforeAll(async () => {
  const config = { url: undefined, folder: undefined, poolSize: 1 };
  database = resources.adopt(await openDatabase(config, log), (opened) => opened.destroy());
  await migrateUp(database);
}, 60_000);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "troop-ring-"));
  resources.adopt(folder, (made) => rmSync(made, { recursive: true }));
  clock = createMovedClock();
  await sql`delete from ring_key`.execute(database);
});
afterAll(() => resources.disposeAsync());

const open = (settings: { secret?: string; folder?: string } = {}) =>
  openKeyRing({ database, clock, folder, secret, random: systemRandom, log, ...settings });
const claims = { jti: "a ticket" } as unknown as TicketClaims;

test("of several that start at once on new books one makes the keys, and all have them", async () => {
  const rings = await Promise.all([open(), open(), open()]);
  const [one, other] = rings;
  expect(new Set(rings.map(({ version, joinSecret }) => version + joinSecret)).size).toBe(1);
  expect(await other!.tickets.verify(await one!.sign(claims))).toEqual(claims);
  expect(await ticketKeys(other!.keySet).verify(await one!.sign(claims))).toEqual(claims);
  expect(one!.pseudonym("account", "node")).toBe(other!.pseudonym("account", "node"));
  for (const ring of rings) await ring[Symbol.asyncDispose]();
});

test("a new key is known everywhere for a day before it signs, and the old one while its tickets live", async () => {
  await using one = await open();
  await using other = await open();
  const before = one.pem;
  await Promise.all([one.rotate(), other.rotate()]);
  // Both wanted one, and there is one.
  for (const ring of [one, other]) expect(ring.keySet.keys).toHaveLength(2);
  expect([one.pem, other.version]).toEqual([before, one.version]);
  const early = await one.sign(claims);
  clock.advance(day);
  await one.refresh();
  expect(one.pem).not.toBe(before);
  // The other has not heard yet that the turn has come, and takes its tickets.
  expect(await other.tickets.verify(await one.sign(claims))).toEqual(claims);
  expect(await one.tickets.verify(early)).toEqual(claims);
  clock.advance(day);
  await one.refresh();
  expect(one.keySet.keys).toHaveLength(1);
  await expect(one.tickets.verify(early)).rejects.toMatchObject({ code: "invalid_ticket" });
});

test("a coordinator whose clock is ahead takes no key from those who still sign with it", async () => {
  const now = systemClock.now();
  clock = createMovedClock(now);
  await using ring = await open();
  await ring.rotate();
  const numbers = async () =>
    (await readRing(database)).flatMap(({ purpose, number }) =>
      purpose === "ticket" ? number : [],
    );
  clock = createMovedClock(now + 3 * day);
  await using ahead = await open();
  expect(ahead.keySet.keys).toHaveLength(1);
  expect(await numbers()).toEqual([1, 2]);
  await sql`update ring_key set used_from_ms = used_from_ms - ${3 * day}::bigint`.execute(database);
  await ring.refresh();
  expect(await numbers()).toEqual([2]);
});

test("nobody has to think of it: after a quarter of a year the next key is there", async () => {
  await using ring = await open();
  clock.advance(89 * day);
  await ring.refresh();
  expect(ring.keySet.keys).toHaveLength(2);
});

test("who has the database alone has no key, and who has another secret is told so", async () => {
  await using ring = await open();
  const { rows } = await sql`select purpose, sealed from ring_key`.execute(database);
  expect(JSON.stringify(rows)).not.toContain(ring.joinSecret);
  const stranger = open({ secret: "what another network's coordinator has" });
  await expect(stranger).rejects.toMatchObject({ code: "key_file_invalid" });
  // Nor can one key be put in another's place.
  await sql`update ring_key set sealed = (select sealed from ring_key where purpose = 'join')
    where purpose = 'pseudonym'`.execute(database);
  await expect(open()).rejects.toMatchObject({ code: "key_file_invalid" });
});

test("without a secret of the operator's one is made, in a file, and outlives a restart", async () => {
  const settings = { secret: undefined } as object;
  const first = await open(settings);
  const { version } = first;
  await first[Symbol.asyncDispose]();
  await using second = await open(settings);
  expect(second.version).toBe(version);
});

test("keys of before they were shared stay in use", async () => {
  writeFileSync(join(folder, "join-secret"), "as it was", { mode: 0o600 });
  await using ring = await open();
  expect(ring.joinSecret).toBe("as it was");
});
