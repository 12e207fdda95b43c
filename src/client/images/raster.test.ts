/** A picture is what its first bytes say. */
import { expect, test } from "vitest";
import { isDeclaredRaster, rasterTypeOf } from "./raster.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

test.each([
  ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"],
  ["\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"],
  ["GIF87a.......", "image/gif"],
  ["GIF89a.......", "image/gif"],
  ["RIFF\x24\0\0\0WEBPVP8 ", "image/webp"],
  ["BM\x46\0\0\0\0\0\0\0\x36\0\0\0", "image/bmp"],
])("%j is %s", (start, type) => {
  expect(rasterTypeOf(bytes(start))).toBe(type);
});

test.each([
  "",
  "\x89PNG",
  "<svg xmlns='http://www.w3.org/2000/svg'>",
  "<?xml version='1.0'?><svg/>",
  "<!doctype html>",
  "RIFF\x24\0\0\0WAVEfmt ",
  "BMW is a car",
  "%PDF-1.7",
  "GIF88a",
  " GIF89a",
])("%j is no picture", (start) => {
  expect(rasterTypeOf(bytes(start))).toBeUndefined();
});

test.each([
  ["image/png", true],
  ["IMAGE/JPEG; charset=binary", true],
  ["image/webp ;x=y", true],
  ["image/svg+xml", false],
  ["image/png+xml", false],
  ["image/pngx", false],
  ["text/html", false],
  ["application/octet-stream", false],
  ["", false],
])("sent as %s: %s", (type, isRaster) => {
  expect(isDeclaredRaster(type)).toBe(isRaster);
});
