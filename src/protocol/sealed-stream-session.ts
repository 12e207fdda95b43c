/**
 * A ticket's sealing session. The client encapsulates once to the node's key, HPKE base mode (RFC 9180); `info` says
 * for which ticket, node and run of the worker. From the exporter comes a key of its own for each attempt and
 * direction: `docs/protocol.md` §5 has the bytes, ADR 46 the argument.
 */
import { createSecretKey } from "node:crypto";
import type { Random } from "../base/random.ts";
import { fromBase64url, sha256, toBase64url } from "./bytes.ts";
import { TroopError } from "./error-codes.ts";
import { sealedBytesFor } from "./frames.ts";
import {
  type HpkeExporter,
  type HpkeKeyPair,
  hpkeReceive,
  hpkeSend,
  type HpkeSuite,
  generateHpkeKeyPair,
} from "./hpke.ts";
import { limits } from "./limits.ts";
import {
  createFrameOpener,
  createFrameSealer,
  type FrameOpener,
  type FrameSealer,
  type StreamKey,
} from "./sealed-stream-cipher.ts";
import { type Encapsulation, formatSealedHeaders } from "./sealed-stream-header.ts";

const keyBytes = 32;
/** Random bytes that an answer begins with, so that none is ever sealed with another's key. */
const answerSaltBytes = 32;

/** What a session is bound to. */
export interface SealingBinding {
  /** The ticket as it is sent. */
  ticket: string;
  /** Thumbprint. */
  node: string;
  /** Of the worker's run, base64url. */
  boot: string;
}

/** All parts have a fixed length: no two bindings have the same info. */
function infoOf({ ticket, node, boot }: SealingBinding): Uint8Array {
  const parts = [sha256(ticket), fromBase64url(node), fromBase64url(boot)];
  const lengths = [keyBytes, keyBytes, limits.bootBytes];
  if (parts.some((part, index) => part?.length !== lengths[index]))
    throw new RangeError("a node has 32 bytes, a boot 16");
  return Buffer.concat([Buffer.from("troop-sealed/1"), ...(parts as Uint8Array[])]);
}

/** One try at one request. */
interface Attempt {
  k: number;
  /** 16 bytes. */
  attempt: Uint8Array;
}

const requestLabel = Buffer.from("troop-request/1");
const answerLabel = Buffer.from("troop-answer/1");
const noSalt = new Uint8Array(0);

function createStreamKeys(suite: HpkeSuite, exporter: HpkeExporter) {
  const keyOf = (label: Buffer, { k, attempt }: Attempt, salt: Uint8Array): StreamKey => {
    const number = Uint8Array.of(k >> 8, k & 0xff);
    const context = Buffer.concat([label, number, attempt, salt]);
    return { suite, key: createSecretKey(exporter.export(context, keyBytes)) };
  };
  return {
    request: (attempt: Attempt) => keyOf(requestLabel, attempt, noSalt),
    answer: (attempt: Attempt, salt: Uint8Array) => keyOf(answerLabel, attempt, salt),
  };
}

const frameMost = sealedBytesFor(limits.frameBytes);
const headMost = sealedBytesFor(limits.headFrameBytes);

/** A request that the client sends, and the answer that it gets. */
export interface SealedExchange {
  /** `troop-enc`, `troop-index` and `troop-attempt`. */
  readonly headers: Record<string, string>;
  readonly request: FrameSealer;
  /** Refuses with `stream_truncated`, whatever is wrong. */
  readonly answer: FrameOpener;
}

export interface SealingSession {
  /** Of the node's key that this session is sealed to. */
  readonly kid: string;
  /** Draws the attempt itself: each call is an attempt of its own, also for another address. @param k 1 … 256 */
  seal(k: number): SealedExchange;
}

export interface SealingSessionParts extends SealingBinding {
  key: { kid: string; publicKey: string };
  random: Random;
  /** Default `chacha20-poly1305`, which is as fast on machines without AES instructions. */
  suite?: HpkeSuite;
}

/** The client's side; about 0.2 ms, once per ticket. @throws TroopError `key_statement_invalid` for an unusable key */
export function createSealingSession(parts: SealingSessionParts): SealingSession {
  const { key, random, suite = "chacha20-poly1305" } = parts;
  const info = infoOf(parts);
  const sender = orElse("key_statement_invalid", () =>
    hpkeSend(suite, key.publicKey, info, generateHpkeKeyPair(random)),
  );
  const encapsulation = { kid: key.kid, suite, enc: sender.enc };
  const streamKeys = createStreamKeys(suite, sender);
  return {
    kid: key.kid,
    seal(k) {
      const attempt = { k, attempt: random.bytes(limits.attemptBytes) };
      const text = toBase64url(attempt.attempt);
      return {
        headers: formatSealedHeaders({ encapsulation, k, attempt: text }),
        request: createFrameSealer(streamKeys.request(attempt), "request"),
        answer: createFrameOpener({
          direction: "answer",
          startBytes: answerSaltBytes,
          keyAfter: (salt) => streamKeys.answer(attempt, salt),
          mostBytes: () => frameMost,
          refusals: {
            tooLarge: "stream_truncated",
            broken: "stream_truncated",
            cut: "stream_truncated",
          },
        }),
      };
    },
  };
}

/** A request that the worker gets, and the answer that it sends. */
export interface OpenedExchange {
  /** Refuses with `seal_broken`, `request_too_large`, and `invalid_value` where it ends too soon. */
  readonly request: FrameOpener;
  /**
   * To be called once, when the head's secret is proven and before its number is taken: uses this attempt up, and
   * gives the answer's sealer. Not earlier: whoever saw the ticket can seal heads under it, and would fill the memory.
   * @throws TroopError `request_replayed`, `rate_limit_exceeded`
   */
  claim(): FrameSealer;
}

export interface OpenedSession {
  open(attempt: { k: number; attempt: string }): OpenedExchange;
}

export interface OpenedSessionParts extends SealingBinding {
  encapsulation: Encapsulation;
  /** The node's keys by kid. */
  keys: ReadonlyMap<string, HpkeKeyPair>;
  random: Random;
  /** Attempts that were claimed under this ticket; the caller keeps it for as long as the ticket lives. */
  attempts: Set<string>;
}

/**
 * The worker's side; about 0.1 ms. A session holds the exporter's secret and no key of the node. Whether the client
 * knows the ticket's secrets shows in the head frame only: keep no session before that.
 * @throws TroopError `session_unknown`, `seal_broken`
 */
export function openSealingSession(parts: OpenedSessionParts): OpenedSession {
  const { random, attempts } = parts;
  const streamKeys = receiveKeys(parts);

  // A refused number is free again. Without this, what was recorded of a refused attempt could be played later.
  function remember(attempt: string) {
    if (attempts.has(attempt)) throw new TroopError("request_replayed");
    if (attempts.size >= limits.attemptsPerTicket) throw new TroopError("rate_limit_exceeded");
    attempts.add(attempt);
  }

  return {
    open({ k, attempt: text }) {
      const bytes = fromBase64url(text);
      if (bytes?.length !== limits.attemptBytes) throw new RangeError("an attempt has 16 bytes");
      const attempt = { k, attempt: bytes };
      return {
        request: createFrameOpener({
          direction: "request",
          startBytes: 0,
          keyAfter: () => streamKeys.request(attempt),
          mostBytes: (index) => (index === 0 ? headMost : frameMost),
          refusals: { tooLarge: "request_too_large", broken: "seal_broken", cut: "invalid_value" },
        }),
        claim() {
          remember(`${k}.${text}`);
          const salt = random.bytes(answerSaltBytes);
          return createFrameSealer(streamKeys.answer(attempt, salt), "answer", salt);
        },
      };
    },
  };
}

/** Apart, so that nothing that lives as long as the session refers to the node's key. */
function receiveKeys({ encapsulation, keys, ticket, node, boot }: OpenedSessionParts) {
  const { kid, suite, enc } = encapsulation;
  const pair = keys.get(kid);
  if (!pair) throw new TroopError("session_unknown");
  const info = infoOf({ ticket, node, boot });
  const exporter = orElse("seal_broken", () => hpkeReceive(suite, pair, enc, info));
  return createStreamKeys(suite, exporter);
}

/** Keys come from others: one that is no point on the curve, or of low order, is their fault. */
function orElse<Result>(code: "key_statement_invalid" | "seal_broken", act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw new TroopError(code, undefined, { cause: error });
  }
}
