/**
 * The frames of `POST /infer`, both ways. On the wire: length u32 ‖ ciphertext. Inside: type u8 ‖ length u32 ‖
 * bytes ‖ zeros to a multiple of 256, so that a frame's size tells little about what is in it.
 */
import { TroopError, type ErrorCode } from "./error-codes.ts";
import { limits } from "./limits.ts";

export const frameTypes = { head: 1, body: 2, line: 3 } as const;
export type FrameType = keyof typeof frameTypes;

export interface Frame {
  type: FrameType;
  bytes: Uint8Array;
}

const typeNames = new Map(
  Object.entries(frameTypes).map(([name, code]) => [code as number, name as FrameType]),
);
const innerHeaderBytes = 5;
export const lengthBytes = 4;

/** A frame as it is before sealing, padded. */
export function packFrame({ type, bytes }: Frame): Uint8Array {
  const used = innerHeaderBytes + bytes.length;
  const packed = new Uint8Array(
    Math.ceil(used / limits.framePaddingBytes) * limits.framePaddingBytes,
  );
  packed[0] = frameTypes[type];
  new DataView(packed.buffer).setUint32(1, bytes.length);
  packed.set(bytes, innerHeaderBytes);
  return packed;
}

/** @throws TroopError `refusal` where the bytes are no frame or its padding is not zero */
export function unpackFrame(packed: Uint8Array, refusal: ErrorCode): Frame {
  const refuse = () => new TroopError(refusal, "A frame is malformed.");
  if (packed.length < innerHeaderBytes || packed.length % limits.framePaddingBytes !== 0)
    throw refuse();
  const type = typeNames.get(packed[0]!);
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(1);
  const end = innerHeaderBytes + length;
  if (!type || end > packed.length || packed.length - end >= limits.framePaddingBytes)
    throw refuse();
  if (packed.subarray(end).some((byte) => byte !== 0)) throw refuse();
  return { type, bytes: packed.subarray(innerHeaderBytes, end) };
}

/** Puts the length before what was sealed. */
export function wrapSealed(sealed: Uint8Array): Uint8Array {
  const wrapped = new Uint8Array(lengthBytes + sealed.length);
  new DataView(wrapped.buffer).setUint32(0, sealed.length);
  wrapped.set(sealed, lengthBytes);
  return wrapped;
}

export interface SealedReader {
  /** Takes the next bytes off the wire and returns the sealed frames that are now whole. */
  push(chunk: Uint8Array): Uint8Array[];
  /** True where no part of a frame is waiting for its rest. */
  isAtBoundary(): boolean;
}

/** @throws TroopError `refusal` from `push` where a frame claims more than `mostBytes` */
export function createSealedReader(mostBytes: number, refusal: ErrorCode): SealedReader {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const wanted = () => {
    if (pendingBytes < lengthBytes) return undefined;
    if (pending.length > 1) pending = [Buffer.concat(pending)];
    const head = pending[0]!;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
    if (length > mostBytes) throw new TroopError(refusal, "A frame is larger than allowed.");
    return lengthBytes + length;
  };
  return {
    push(chunk) {
      pending.push(chunk);
      pendingBytes += chunk.length;
      const whole: Uint8Array[] = [];
      for (let size = wanted(); size !== undefined && pendingBytes >= size; size = wanted()) {
        const bytes = pending[0]!;
        whole.push(bytes.subarray(lengthBytes, size));
        pending = [bytes.subarray(size)];
        pendingBytes -= size;
      }
      return whole;
    },
    isAtBoundary: () => pendingBytes === 0,
  };
}

/** The most a sealed frame may take: its payload, padding, and room for an authentication tag. */
export const sealedBytesFor = (payloadBytes: number): number =>
  Math.ceil((payloadBytes + innerHeaderBytes) / limits.framePaddingBytes) *
    limits.framePaddingBytes +
  64;
