/** Both ends of a sealing session, with chance that repeats itself. */
import type { Random } from "../base/random.ts";
import { sha256, toBase64url } from "./bytes.ts";
import type { Frame, FrameType } from "./frames.ts";
import { generateHpkeKeyPair, type HpkeSuite } from "./hpke.ts";
import { hpkeKeyId } from "./key-statement.ts";
import type { FrameOpener, FrameSealer, OpenedFrame } from "./sealed-stream-cipher.ts";
import { readSealedHeaders } from "./sealed-stream-header.ts";
import {
  createSealingSession,
  openSealingSession,
  type SealedExchange,
} from "./sealed-stream-session.ts";

/** The same bytes in the same order for the same seed. */
export function repeatableRandom(seed: string): Random {
  let drawn = 0;
  const block = () => sha256(seed, Uint8Array.of(drawn >> 8, (drawn += 1) & 0xff));
  return {
    bytes: (length) => {
      const blocks = Array.from({ length: Math.ceil(length / 32) }, block);
      return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
    },
    uuid: () => "00000000-0000-4000-8000-000000000000",
    fraction: () => 0,
  };
}

export const frameOf = (type: FrameType, text: string): Frame => ({
  type,
  bytes: Buffer.from(text),
});

/** As numbers and text, which compare whatever the bytes lie in. */
export const shown = ({ type, bytes, isFinal }: OpenedFrame) => ({
  type,
  text: Buffer.from(bytes).toString("latin1"),
  isFinal,
});

export interface TestSession {
  /** One request and its answer, in the hands of both sides. */
  exchange(k?: number): {
    client: SealedExchange;
    worker: { request: FrameOpener; answer: FrameSealer };
  };
}

export function openTestSession(suite: HpkeSuite = "chacha20-poly1305"): TestSession {
  const random = repeatableRandom(suite);
  const pair = generateHpkeKeyPair(random);
  const kid = hpkeKeyId(pair.publicKey);
  const binding = {
    ticket: "header.payload.signature",
    node: toBase64url(random.bytes(32)),
    boot: toBase64url(random.bytes(16)),
  };
  const key = { kid, publicKey: pair.publicKey };
  const session = createSealingSession({ ...binding, key, random, suite });
  const keys = new Map([[kid, pair]]);
  return {
    exchange(k = 1) {
      const client = session.seal(k);
      const { encapsulation, ...attempt } = readSealedHeaders(client.headers);
      const parts = { ...binding, encapsulation, keys, random, attempts: new Set<string>() };
      const { request, claim } = openSealingSession(parts).open(attempt);
      return { client, worker: { request, answer: claim() } };
    },
  };
}

/** All that opens, and how it ended: whole, or with which code. */
export function readAll(opener: FrameOpener, pieces: Iterable<Uint8Array>) {
  const frames: OpenedFrame[] = [];
  try {
    for (const piece of pieces) frames.push(...opener.push(piece));
    opener.end();
    return { frames: frames.map(shown), ending: "whole" };
  } catch (error) {
    return {
      frames: frames.map(shown),
      ending: (error as { code?: string }).code ?? String(error),
    };
  }
}
