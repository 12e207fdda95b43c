/**
 * The frames of `POST /infer`, both ways. On the wire: length u32, its top bit set on the last one, ‖ sealed bytes.
 * Inside: type u8 ‖ length u32 ‖ bytes ‖ zeros to one of a few sizes, so that a frame's size tells little about
 * what is in it.
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
/** What either AEAD adds to a frame. */
export const tagBytes = 16;

/** The size that a frame of `used` bytes is padded to. Whoever writes may choose a larger one of these sizes. */
export function paddedBytes(used: number): number {
  if (used > limits.frameStepBytes)
    return Math.ceil(used / limits.frameStepBytes) * limits.frameStepBytes;
  let size: number = limits.leastFrameBytes;
  while (size < used) size *= 2;
  return size;
}

/** The most a sealed frame may take: its payload, padding, and the authentication tag. */
export const sealedBytesFor = (payloadBytes: number): number =>
  paddedBytes(payloadBytes + innerHeaderBytes) + tagBytes;

/** A frame as it is before sealing, padded. */
export function packFrame({ type, bytes }: Frame): Uint8Array {
  const end = innerHeaderBytes + bytes.length;
  const packed = Buffer.allocUnsafe(paddedBytes(end));
  packed.writeUInt8(frameTypes[type]);
  packed.writeUInt32BE(bytes.length, 1);
  packed.set(bytes, innerHeaderBytes);
  return packed.fill(0, end);
}

/** @throws TroopError `refusal` where the bytes are no frame, of none of the sizes, or its padding is not zero */
export function unpackFrame(packed: Uint8Array, refusal: ErrorCode): Frame {
  const size = packed.length;
  // A sender that forgets to pad is found out by whoever it would betray.
  if (size !== paddedBytes(size)) throw malformed(refusal);
  const type = typeNames.get(packed[0]!);
  const end = innerHeaderBytes + new DataView(packed.buffer, packed.byteOffset).getUint32(1);
  if (!type || end > size || !isZero(packed.subarray(end))) throw malformed(refusal);
  return { type, bytes: packed.subarray(innerHeaderBytes, end) };
}

const malformed = (refusal: ErrorCode) => new TroopError(refusal, "A frame is malformed.");

/** Where the first byte is zero and each equals the one before it. Byte by byte in JavaScript, 4 KiB take 10 µs. */
const isZero = (bytes: Uint8Array): boolean =>
  bytes.length === 0 ||
  (bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0);
