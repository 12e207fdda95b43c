/**
 * Where frames are sealed and opened: one function on each side. Content is not sealed yet: frames travel as
 * they are packed, and `connect.ts` therefore refuses any address but this machine's and the mesh's.
 */
import { type Frame, packFrame, unpackFrame, wrapSealed } from "./frames.ts";
import type { ErrorCode } from "./error-codes.ts";

/** Turns a frame into the bytes that go on the wire. */
export const sealFrame = (frame: Frame): Uint8Array => wrapSealed(packFrame(frame));

/** @throws TroopError `refusal` where the bytes do not open */
export const openFrame = (sealed: Uint8Array, refusal: ErrorCode): Frame =>
  unpackFrame(sealed, refusal);
