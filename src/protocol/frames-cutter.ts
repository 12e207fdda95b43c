/** Cuts what comes off the wire into frames: a header, length u32 whose top bit marks the last frame, and so many bytes. */
import { TroopError, type ErrorCode } from "./error-codes.ts";

export const headerBytes = 4;
const finalBit = 0x8000_0000;

/** Writes the header of a frame that fills `wire`. A sealed frame authenticates its header. */
export function writeHeader(wire: Buffer, isFinal: boolean): void {
  const length = wire.length - headerBytes;
  wire.writeUInt32BE(isFinal ? length + finalBit : length);
}

export const isFinalOnWire = (wire: Uint8Array): boolean => (wire[0]! & 0x80) !== 0;

export interface FrameCutter {
  /** Takes the next bytes off the wire and returns the frames that are now whole, each with its header. */
  push(chunk: Uint8Array): Uint8Array[];
  /** True where no part of a frame is waiting for its rest. */
  isAtBoundary(): boolean;
}

/**
 * Each byte is copied at most once, however small the pieces: a frame that one piece holds whole is not copied at
 * all. Memory is taken for one frame, after its length was checked.
 * @param mostBytes of the frame with this index, without its header
 * @throws TroopError `refusal` from `push` where a frame claims more
 */
export function createFrameCutter(
  mostBytes: (index: number) => number,
  refusal: ErrorCode,
): FrameCutter {
  let index = 0;
  // First of the header alone, then of the whole frame.
  let target = Buffer.alloc(headerBytes);
  let filled = 0;
  let isSized = false;

  /** With the header. */
  function sizeAt(bytes: Uint8Array, offset: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const length = view.getUint32(offset) & ~finalBit;
    if (length > mostBytes(index)) throw new TroopError(refusal, "A frame is larger than allowed.");
    return headerBytes + length;
  }

  /** Copies what fits, and returns how much that was. */
  function fill(bytes: Uint8Array): number {
    const piece = bytes.subarray(0, target.length - filled);
    target.set(piece, filled);
    filled += piece.length;
    if (!isSized && filled === headerBytes) {
      const sized = Buffer.allocUnsafeSlow(sizeAt(target, 0));
      sized.set(target);
      target = sized;
      isSized = true;
    }
    return piece.length;
  }

  /** The next frame of `chunk` and where it ends, or what there is of one is kept. */
  function take(chunk: Uint8Array, offset: number): { frame?: Uint8Array; end: number } {
    if (filled === 0 && chunk.length - offset >= headerBytes) {
      const end = offset + sizeAt(chunk, offset);
      if (end <= chunk.length) return { frame: chunk.subarray(offset, end), end };
    }
    const end = offset + fill(chunk.subarray(offset));
    if (!isSized || filled < target.length) return { end };
    const frame = target;
    target = Buffer.alloc(headerBytes);
    filled = 0;
    isSized = false;
    return { frame, end };
  }

  return {
    push(chunk) {
      const whole: Uint8Array[] = [];
      for (let offset = 0; offset < chunk.length;) {
        const { frame, end } = take(chunk, offset);
        offset = end;
        if (!frame) continue;
        whole.push(frame);
        index += 1;
      }
      return whole;
    },
    isAtBoundary: () => filled === 0,
  };
}
