import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom as random } from "../../../base/random.ts";
import { checkModelFile, modelDigest } from "./model-file.ts";

let folder: string;
const signal = new AbortController().signal;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "troop-model-"))));
afterEach(() => rm(folder, { recursive: true }));

async function file(bytes: Uint8Array | string): Promise<string> {
  await writeFile(join(folder, "model.gguf"), bytes);
  return join(folder, "model.gguf");
}

test("a file that is not there is model_not_found", async () => {
  await expect(checkModelFile(join(folder, "none.gguf"))).rejects.toMatchObject({
    code: "model_not_found",
    message: expect.stringMatching(/none\.gguf does not exist.*--model/),
  });
});

test.each([
  ["empty", "", /not in the GGUF format/],
  ["something else", "PK\x03\x04 a zip file", /not in the GGUF format/],
  ["GGUF of version 1", "GGUF\x01\0\0\0", /version 1/],
  ["GGUF of the other byte order", "GGUF\0\0\0\x03", /version 50331648/],
])("a file that is %s is model_invalid", async (_, text, message) => {
  await expect(checkModelFile(await file(text))).rejects.toMatchObject({
    code: "model_invalid",
    message: expect.stringMatching(message),
  });
});

test("a folder is model_invalid", async () => {
  await expect(checkModelFile(folder)).rejects.toMatchObject({ code: "model_invalid" });
});

test("GGUF of versions 2 and 3 passes and its size is told", async () => {
  expect(await checkModelFile(await file("GGUF\x02\0\0\0"))).toBe(8);
  expect(await checkModelFile(await file("GGUF\x03\0\0\0 and more"))).toBe(17);
});

test("the digest is the content's, and a changed file is read again", async () => {
  const options = { cacheFolder: join(folder, "cache"), random, signal };
  const path = await file("abc");
  const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(await modelDigest(path, options)).toBe(abc);
  expect(await modelDigest(path, options)).toBe(abc);
  await file("abd");
  await utimes(path, 1, 1);
  expect(await modelDigest(path, options)).not.toBe(abc);
});
