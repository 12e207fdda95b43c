/** What `--fix` keeps its hands off: folders of everybody, what a link leads to, and what is somebody else's. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { doMend } from "./mend.ts";
import { placeOf } from "./place.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "troop-mend-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const owner = process.getuid!();
const modeOf = (path: string) => statSync(path).mode & 0o7777;

test.each([
  "/",
  "/srv",
  "/tmp",
  "/home",
  "/home/ann",
  "/var/lib",
  homedir(),
  `${homedir()}/.config`,
])("%s is not ours, whatever is in it", (path) => expect(placeOf(path)).toBe("shared"));

test.each([
  ["account.key.json", "ours"],
  ["worker.running.json", "ours"],
  ["client/client.sqlite", "ours"],
  ["worker/node.key.json", "ours"],
  ["client/readme.txt", "not ours"],
  ["key.json", "not ours"],
])("a folder with %s is %s", (name, place) => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), "{}");
  expect(placeOf(folder)).toBe(place);
  expect(placeOf(folder, folder)).toBe("shared");
  chmodSync(folder, 0o1777);
  expect(placeOf(folder)).toBe("shared");
});

test("links by our names make no folder ours", () => {
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "client.sqlite"), "");
  symlinkSync(elsewhere, join(folder, "client"));
  symlinkSync(join(elsewhere, "client.sqlite"), join(folder, "account.key.json"));
  expect(placeOf(folder)).toBe("not ours");
});

test("no link is followed, and nothing of another user's is touched", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  chmodSync(file, 0o644);
  symlinkSync(file, join(folder, "link"));
  const shut = (name: string, whose: number) =>
    doMend({ kind: "chmod", path: join(folder, name), mode: 0o600, owner: whose });
  expect(shut("link", owner)).toContain("ELOOP");
  expect(shut("file", owner + 1)).toContain("another user");
  expect(modeOf(file)).toBe(0o644);
  expect(shut("file", owner)).toBeUndefined();
  expect(modeOf(file)).toBe(0o600);
});
