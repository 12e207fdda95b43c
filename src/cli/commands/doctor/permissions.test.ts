/** Whose a data folder is decides what is said of it, and whether anything may be mended in it. */
import { expect, test } from "vitest";
import { judgePermissions } from "./permissions.ts";
import type { Entry, Place } from "./place.ts";

const me = 1_000;
const entry = (path: string, mode: number, owner = me): Entry => ({
  ...{ path, mode, owner },
  kind: "file",
});
const judge = (place: Place, userId: number, ...entries: Entry[]) =>
  judgePermissions({ folder: "/data", entries, place, userId })[0]!;

test("permissions are only ever taken away, and from others only", () => {
  const found = judge("ours", me, entry("/data", 0o755), entry("/data/k", 0o640));
  expect(found.mends).toEqual([
    { kind: "chmod", path: "/data", mode: 0o700, owner: me },
    { kind: "chmod", path: "/data/k", mode: 0o600, owner: me },
  ]);
});

test.each([
  ["shared", me, "data_folder_shared"],
  ["shared", 0, "data_folder_shared"],
  ["not ours", me, "data_folder_not_ours"],
  ["not ours", 0, "data_folder_not_ours"],
] as const)("nothing is mended in a folder that is %s, by user %i", (place, userId, code) => {
  const found = judge(place, userId, entry("/data", 0o755), entry("/data/k", 0o644));
  expect(found.code).toBe(code);
  expect(found.mends).toBeUndefined();
  expect(found.run).toMatch(/^mkdir -p -m 700 \/data\/monkey-troop /);
});

test("root gives a folder back to its owner, and takes nobody else's for its own", () => {
  const found = judge("ours", 0, entry("/data", 0o755), entry("/data/k", 0o644, 1));
  expect(found).toMatchObject({ code: "data_folder_foreign", run: "sudo chown -R 1000 /data" });
  expect(found.mends).toBeUndefined();
  // What holds nothing of ours is not handed over either.
  expect(judge("not ours", me, entry("/data", 0o755, 1)).run).not.toContain("chown");
});
