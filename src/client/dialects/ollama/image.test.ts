import { expect, test } from "vitest";
import { TroopError } from "../../../protocol/error-codes.ts";
import { imageUrlOf } from "./image.ts";

const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");

test.each([
  ["\u0089PNG\r\n\u001A\n", "image/png"],
  ["\u00FF\u00D8\u00FF\u00DB", "image/jpeg"],
  ["GIF87a", "image/gif"],
  ["RIFF\u0000\n\u0000\u0000WEBPVP8 ", "image/webp"],
  ["BM6\u0000\u0000\u0000\u0000\u0000\u0000\u0000", "image/bmp"],
])("bytes that begin with %j are %s", (start, type) => {
  expect(imageUrlOf(base64(start), "images.0")).toBe(`data:${type};base64,${base64(start)}`);
});

test.each([
  "",
  "not an image",
  base64("BM, two letters"),
  base64("RIFF\u0000\u0000\u0000\u0000WAVE"),
  base64("<svg/>"),
])("%j is no image", (data) => {
  expect(() => imageUrlOf(data, "images.0")).toThrow(TroopError);
});
