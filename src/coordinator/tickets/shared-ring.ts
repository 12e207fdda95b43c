/**
 * The keys of all coordinators of a network, in the database and sealed: whichever of them signs a ticket, each
 * publishes its key. A new one is published for a day before it signs, and the old one until its last ticket is dead.
 */
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import { ensureFolder } from "../../host/folders.ts";
import type { Log } from "../../host/log.ts";
import { toBase64url } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { ticketKeys, type TicketKeys } from "../../protocol/ticket.ts";
import type { Database } from "../database.ts";
import {
  keyRingOf,
  makeTicketKey,
  readTicketKey,
  type KeyRing,
  type TicketKey,
} from "./key-ring.ts";
import { graceMs, isNextDue, publishedAheadMs, ringAt, type Turn } from "./ring-rules.ts";
import { createRingSeal } from "./ring-seal.ts";
import { addToRing, dropFromRing, readRing, type Purpose } from "./ring-store.ts";
import { loadSecret, readSecretFile } from "./secret-file.ts";

export interface SharedKeyRing extends KeyRing, AsyncDisposable {
  /** Checks tickets of any of them. */
  readonly tickets: TicketKeys;
  /** What challenges for who joins are made from. */
  readonly joinSecret: string;
  /** Takes in what other coordinators have added, and adds the next key when it is time. */
  refresh(): Promise<void>;
  /** Adds the next key now: it signs in a day. */
  rotate(): Promise<void>;
}

export interface SharedRingOptions {
  database: Database;
  /** Where the secret is kept unless one is given; and keys of before they were shared. */
  folder: string;
  /** What keys are sealed with, the same for all coordinators; undefined: made here, in a file. */
  secret: string | undefined;
  clock: Clock;
  random: Random;
  log: Log;
}

type RingKey = TicketKey & Turn;

const refreshMs = 60_000;
const secretBytes = 32;
/** Where keys were before they were shared. */
const formerFiles: Readonly<Record<Purpose, string>> = {
  ticket: "ticket-key.json",
  pseudonym: "pseudonym-secret",
  join: "join-secret",
};

/** @throws TroopError `key_file_invalid`, `data_folder_invalid`, `ledger_unavailable` */
export async function openKeyRing(options: SharedRingOptions): Promise<SharedKeyRing> {
  const { database, clock, random, log } = options;
  const folder = ensureFolder(options.folder);
  const makeSecret = () => Promise.resolve(toBase64url(random.bytes(secretBytes)));
  const sealSecret =
    options.secret ?? (await loadSecret(join(folder, "ring-secret"), makeSecret, random));
  const { seal, open } = createRingSeal(sealSecret, random);
  const placeOf = (purpose: Purpose, number: number) => `${purpose} ${number}`;

  async function add(purpose: Purpose, number: number, text: string, usedFrom: number) {
    const sealed = seal(placeOf(purpose, number), text);
    await addToRing(database, { purpose, number, sealed, usedFrom });
  }

  /** The first key of each kind, where the database has none: the one in the file of before, or a new one. */
  async function begin(): Promise<void> {
    const present = new Set((await readRing(database)).map(({ purpose }) => purpose));
    for (const [purpose, file] of Object.entries(formerFiles) as [Purpose, string][]) {
      if (present.has(purpose)) continue;
      const make = purpose === "ticket" ? makeTicketKey : makeSecret;
      await add(purpose, 1, readSecretFile(join(folder, file)) ?? (await make()), clock.now());
    }
  }

  const opened = new Map<string, TicketKey>();
  /** All that the database has now. Keys that were opened before are not opened again. */
  async function read() {
    const texts: Partial<Record<Purpose, string>> = {};
    const keys: RingKey[] = [];
    for (const { purpose, number, sealed, usedFrom } of await readRing(database)) {
      const text = open(placeOf(purpose, number), sealed);
      if (text === undefined) throw unopened();
      if (purpose !== "ticket") texts[purpose] = text;
      else {
        const key = opened.get(sealed) ?? (await readTicketKey(text));
        opened.set(sealed, key);
        keys.push({ ...key, number, usedFrom });
      }
    }
    return { keys, pseudonymSecret: texts.pseudonym!, joinSecret: texts.join! };
  }

  let state: Awaited<ReturnType<typeof read>>;
  let ring: KeyRing;
  let tickets: TicketKeys;
  async function refresh(): Promise<void> {
    state = await read();
    if (isNextDue(state.keys, clock.now())) return rotate();
    const { signing, published } = ringAt(state.keys, clock.now());
    ring = keyRingOf(signing, published, state.pseudonymSecret);
    tickets = ticketKeys(ring.keySet);
    const { number, usedFrom } = published[0]!;
    // This clock may be ahead, and others may still sign with those.
    if (number !== state.keys[0]!.number)
      await dropFromRing(database, "ticket", number, usedFrom + graceMs);
  }

  async function rotate(): Promise<void> {
    const latest = (await read()).keys.at(-1)!;
    const now = clock.now();
    // Of several that do this at once one adds the key. One that waits for its turn is the next already.
    if (latest.usedFrom <= now) {
      await add("ticket", latest.number + 1, await makeTicketKey(), now + publishedAheadMs);
      log.info({ number: latest.number + 1 }, "the next key of tickets is made; it signs in a day");
    }
    await refresh();
  }

  await begin();
  await refresh();
  const stop = new AbortController();
  const loop = startLoop({
    ...{ clock, random, signal: stop.signal },
    backoff: { firstMs: 1_000, ceilingMs: refreshMs },
    onFailure: (error) => log.warn({ err: error }, "the ring of keys stays as it was"),
    round: async () => {
      await refresh();
      return refreshMs;
    },
  });
  return {
    get keySet() {
      return ring.keySet;
    },
    get pem() {
      return ring.pem;
    },
    get version() {
      return ring.version;
    },
    sign: (claims) => ring.sign(claims),
    pseudonym: (account, node) => ring.pseudonym(account, node),
    tickets: { verify: (token) => tickets.verify(token) },
    get joinSecret() {
      return state.joinSecret;
    },
    refresh,
    rotate,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await loop.ended;
    },
  };
}

const unopened = () =>
  new TroopError(
    "key_file_invalid",
    "The keys in the database are sealed with another secret: give this coordinator the KEY_RING_SECRET of the others, or the file keys/ring-secret from their data folder.",
  );
