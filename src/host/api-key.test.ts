/** The key of the local API: whoever shares the machine must not spend somebody else's credits. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { decideApiKey, keyOf, knownApiKey } from "./api-key.ts";

function temporaryFolder(): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "troop-key-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const decide = (folder: string, others: string[], environment = {}) =>
  decideApiKey(environment, folder, others, systemRandom);

test("alone on the machine no key is asked for, and none is made", () => {
  using place = temporaryFolder();
  expect(decide(place.folder, [])).toEqual({ key: undefined, file: undefined });
  expect(existsSync(join(place.folder, "api-key"))).toBe(false);
});

test("beside other people a key is made, for its owner's eyes, and stays the same", () => {
  using place = temporaryFolder();
  const { key, file } = decide(place.folder, ["ann"]);
  expect(file).toBe(join(place.folder, "api-key"));
  expect(key).toMatch(/^troop-[\w-]{43}$/);
  expect(readFileSync(file!, "utf8")).toBe(`${key}\n`);
  expect(statSync(file!).mode & 0o777).toBe(0o600);
  expect(decide(place.folder, ["ann"])).toEqual({ key, file });
  expect(knownApiKey({}, place.folder)).toBe(key);
});

test("whoever chose a key gets that one; `any` is the choice of none", () => {
  using place = temporaryFolder();
  const chosen = decide(place.folder, ["ann"], { TROOP_API_KEY: "mine" });
  expect(chosen).toEqual({ key: "mine", file: undefined });
  const none = decide(place.folder, ["ann"], { TROOP_API_KEY: "any" });
  expect(none).toEqual({ key: undefined, file: undefined });
  expect([keyOf("any"), keyOf(undefined), keyOf("mine")]).toEqual([undefined, undefined, "mine"]);
  expect(knownApiKey({ TROOP_API_KEY: "mine" }, place.folder)).toBe("mine");
  expect(knownApiKey({}, place.folder)).toBeUndefined();
  expect(existsSync(join(place.folder, "api-key"))).toBe(false);
});

test("a key file that others can read, or that is empty, is refused rather than replaced", () => {
  using place = temporaryFolder();
  const { file } = decide(place.folder, ["ann"]);
  chmodSync(file!, 0o644);
  expect(() => decide(place.folder, ["ann"])).toThrow("can be read by others");
  writeFileSync(file!, "\n");
  chmodSync(file!, 0o600);
  expect(() => decide(place.folder, ["ann"])).toThrow("is empty");
});
