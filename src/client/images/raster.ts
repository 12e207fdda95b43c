/** Pictures made of pixels, told by their first bytes. An SVG is a program that may name addresses of its own. Pure. */

/** As `protocol/chat-fields.ts` lets them pass. */
export type RasterType = "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/bmp";

/** What servers call them; the bytes have the last word. */
const declared = /^image\/(?:png|apng|jpeg|jpg|pjpeg|gif|webp|bmp|x-ms-bmp)\s*(?:;|$)/i;

export const isDeclaredRaster = (contentType: string): boolean => declared.test(contentType);

/** In hex, by the signatures of the WHATWG's MIME sniffing; BMP by its zeros too, two letters being little. */
const starts: readonly (readonly [RasterType, RegExp])[] = [
  ["image/png", /^89504e470d0a1a0a/],
  ["image/jpeg", /^ffd8ff/],
  ["image/gif", /^474946383[79]61/],
  ["image/webp", /^52494646.{8}574542505650/],
  ["image/bmp", /^424d.{8}00000000/],
];

const mostBytes = 16;

/** Undefined for whatever else. */
export function rasterTypeOf(bytes: Uint8Array): RasterType | undefined {
  const start = Buffer.from(bytes.subarray(0, mostBytes)).toString("hex");
  return starts.find(([, pattern]) => pattern.test(start))?.[0];
}
