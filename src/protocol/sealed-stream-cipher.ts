/**
 * One direction of one attempt: frames sealed in their order with a key that seals nothing else. The nonce is the
 * frame's index; the header, with the mark of the last frame, is authenticated with the frame. Whatever is altered,
 * dropped, swapped, repeated, appended or cut off is therefore an error, and never an end.
 */
import {
  type CipherChaCha20Poly1305Types,
  createCipheriv,
  createDecipheriv,
  createHash,
  type KeyObject,
} from "node:crypto";
import { assert } from "../base/error.ts";
import { type ErrorCode, TroopError } from "./error-codes.ts";
import { type Frame, packFrame, tagBytes, unpackFrame } from "./frames.ts";
import { createFrameCutter, headerBytes, isFinalOnWire, writeHeader } from "./frames-cutter.ts";
import type { HpkeSuite } from "./hpke.ts";

/** 32 bytes. */
export interface StreamKey {
  suite: HpkeSuite;
  key: KeyObject;
}

export interface FrameSealer {
  /**
   * The next bytes for the wire. Each byte of a frame is copied once, and its sealed form once.
   * @param isFinal nothing follows; without it the other side knows that something is missing
   */
  seal(frame: Frame, isFinal?: boolean): Uint8Array;
  /** What a line states of this direction: base64url SHA-256 of the wire so far, but for an answer's final frame. */
  wireHash(): string;
}

export interface OpenedFrame extends Frame {
  /** Nothing follows. */
  isFinal: boolean;
  /** What it took on the wire. */
  wireBytes: number;
}

export interface FrameOpener {
  /** Takes the next bytes off the wire. What it returns is authentic; after a refusal it goes on refusing. */
  push(chunk: Uint8Array): OpenedFrame[];
  /** To be called at the end of the stream. Throws unless the final frame was opened, and nothing came after it. */
  end(): void;
  /** As the sealer's. */
  wireHash(): string;
}

/** The final frame of an answer holds the line, which states the hash of what came before it. */
export type StreamDirection = "request" | "answer";

/** Both of Node's names are the suites' own. ChaCha20's typing is that of either. */
const algorithmOf = (suite: HpkeSuite) => suite as CipherChaCha20Poly1305Types;
const tagLength = { authTagLength: tagBytes };
const nonceBytes = 12;
const mostFrames = 2 ** 32;

/** 64 zero bits ‖ the index as u32. @throws an assertion rather than begin anew */
function createNonces() {
  const nonce = Buffer.alloc(nonceBytes);
  let index = 0;
  return {
    next(): Buffer {
      assert(index < mostFrames, "a key seals at most 2^32 frames");
      nonce.writeUInt32BE(index, nonceBytes - 4);
      index += 1;
      return nonce;
    },
  };
}

function createWireHash(direction: StreamDirection) {
  const hash = createHash("sha256");
  return {
    add(bytes: Uint8Array, isFinal: boolean) {
      if (!isFinal || direction === "request") hash.update(bytes);
    },
    read: () => hash.copy().digest("base64url"),
  };
}

/** @param start goes before the first frame, in the clear */
export function createFrameSealer(
  { suite, key }: StreamKey,
  direction: StreamDirection,
  start: Uint8Array = new Uint8Array(0),
): FrameSealer {
  const nonces = createNonces();
  const hash = createWireHash(direction);
  let before = start;
  let isDone = false;
  hash.add(start, false);

  return {
    seal(frame, isFinal = false) {
      assert(!isDone, "nothing follows the final frame");
      isDone = isFinal;
      const plain = packFrame(frame);
      const at = before.length;
      const bytes = Buffer.allocUnsafe(at + headerBytes + plain.length + tagBytes);
      const wire = bytes.subarray(at);
      writeHeader(wire, isFinal);
      const cipher = createCipheriv(algorithmOf(suite), key, nonces.next(), tagLength);
      cipher.setAAD(wire.subarray(0, headerBytes), { plaintextLength: plain.length });
      wire.set(cipher.update(plain), headerBytes);
      cipher.final();
      wire.set(cipher.getAuthTag(), headerBytes + plain.length);
      hash.add(wire, isFinal);
      bytes.set(before);
      before = new Uint8Array(0);
      return bytes;
    },
    wireHash: hash.read,
  };
}

export interface OpenerParts {
  direction: StreamDirection;
  /** Bytes in the clear before the first frame. */
  startBytes: number;
  /** Called once, when those are there. */
  keyAfter(start: Uint8Array): StreamKey;
  /** Of the sealed frame with this index. */
  mostBytes(index: number): number;
  refusals: { tooLarge: ErrorCode; broken: ErrorCode; cut: ErrorCode };
}

export function createFrameOpener(parts: OpenerParts): FrameOpener {
  const { refusals } = parts;
  const nonces = createNonces();
  const hash = createWireHash(parts.direction);
  const cutter = createFrameCutter(parts.mostBytes, refusals.tooLarge);
  const start = Buffer.alloc(parts.startBytes);
  let startFilled = 0;
  let streamKey: StreamKey | undefined;
  let isDone = false;
  let failure: Error | undefined;

  const broken = (cause?: unknown) => new TroopError(refusals.broken, undefined, { cause });

  function decrypt(wire: Uint8Array, { suite, key }: StreamKey): Uint8Array {
    const tagAt = wire.length - tagBytes;
    if (tagAt <= headerBytes) throw broken();
    const decipher = createDecipheriv(algorithmOf(suite), key, nonces.next(), tagLength);
    decipher.setAAD(wire.subarray(0, headerBytes), { plaintextLength: tagAt - headerBytes });
    decipher.setAuthTag(wire.subarray(tagAt));
    const plain = decipher.update(wire.subarray(headerBytes, tagAt));
    try {
      decipher.final();
    } catch (error) {
      throw broken(error);
    }
    return plain;
  }

  function open(wire: Uint8Array, withKey: StreamKey): OpenedFrame {
    if (isDone) throw broken();
    const frame = unpackFrame(decrypt(wire, withKey), refusals.broken);
    isDone = isFinalOnWire(wire);
    hash.add(wire, isDone);
    return { ...frame, isFinal: isDone, wireBytes: wire.length };
  }

  function openAll(chunk: Uint8Array): OpenedFrame[] {
    const piece = chunk.subarray(0, start.length - startFilled);
    start.set(piece, startFilled);
    startFilled += piece.length;
    if (startFilled < start.length) return [];
    if (!streamKey) hash.add(start, false);
    const withKey = (streamKey ??= parts.keyAfter(start));
    return cutter.push(chunk.subarray(piece.length)).map((wire) => open(wire, withKey));
  }

  return {
    push(chunk) {
      if (failure) throw failure;
      try {
        return openAll(chunk);
      } catch (error) {
        failure = error as Error;
        throw error;
      }
    },
    end() {
      if (failure) throw failure;
      if (!isDone || !cutter.isAtBoundary()) throw new TroopError(refusals.cut);
    },
    wireHash: hash.read,
  };
}
