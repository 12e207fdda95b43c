import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLocalDatabase } from "../../host/local-database.ts";
import type { ResponseResource } from "../dialects/responses/items.ts";
import { keptOf, said, temporaryFolder } from "./kept.fixture.ts";
import { createResponseStore, type ResponseStore, type StoreLimits } from "./response-store.ts";

const roomy: StoreLimits = { most: 1_000, bytes: 1e9 };

function storeOf(limits = roomy): ResponseStore {
  return createResponseStore(openLocalDatabase("", ":memory:"), limits);
}

const idsOf = (items: readonly { id?: string | null }[] | undefined) => items?.map(({ id }) => id);

/** `a`, and `b` that went on from it, and `c` from that. */
function keepThree(store: ResponseStore): void {
  store.keep(keptOf("a"));
  store.keep(keptOf("b", { previous: "a", before: [said("unused")] }));
  store.keep(keptOf("c", { previous: "b" }));
}

const ofThree = ["in-a", "out-a", "in-b", "out-b", "in-c", "out-c"];

test("a conversation is found in order, its items one by one, and what a response was made from", () => {
  const store = storeOf();
  keepThree(store);
  expect(idsOf(store.conversation("c"))).toEqual(ofThree);
  expect(idsOf(store.inputItems("c"))).toEqual(ofThree.slice(0, -1));
  expect(store.item("out-b")?.id).toBe("out-b");
  expect(store.item("nobody")).toBeUndefined();
  expect(store.conversation("nobody")).toBeUndefined();
});

test.each(["a", "b"])("a conversation can be gone on from when %s was deleted", (id) => {
  const store = storeOf();
  keepThree(store);
  expect(store.delete(id)).toBe(true);
  expect(store.delete(id)).toBe(false);
  expect(store.resource(id)).toBeUndefined();
  expect(store.conversation(id)).toBeUndefined();
  expect(store.item(`in-${id}`)).toBeUndefined();
  expect(idsOf(store.conversation("c"))).toEqual(ofThree);
});

test("what only deleted responses said is gone with the last that needed it", () => {
  const store = storeOf();
  keepThree(store);
  for (const id of ["a", "b", "c"]) store.delete(id);
  expect(store.kept()).toEqual({ count: 0, bytes: 0, since: null });
});

test("a response whose predecessor went while it was made keeps the whole conversation", () => {
  const store = storeOf();
  store.keep(keptOf("b", { previous: "a", before: [said("in-a")] }));
  expect(idsOf(store.conversation("b"))).toEqual(["in-a", "in-b", "out-b"]);
});

test("of too many the oldest go out, and their descendants stay whole", () => {
  const store = storeOf({ ...roomy, most: 2 });
  keepThree(store);
  expect(store.kept().count).toBe(2);
  expect(store.resource("a")).toBeUndefined();
  expect(idsOf(store.conversation("c"))).toEqual(ofThree);
});

test("of too much the oldest go out", () => {
  const text = "x".repeat(10_000);
  const store = storeOf({ ...roomy, bytes: 45_000 });
  for (const id of ["a", "b", "c", "d", "e"]) store.keep(keptOf(id, { input: [said(id, text)] }));
  expect(["a", "b", "c", "d", "e"].filter((id) => store.resource(id))).toEqual([
    "b",
    "c",
    "d",
    "e",
  ]);
  expect(store.kept().bytes).toBeLessThanOrEqual(45_000);
});

test("what is larger than all that may be kept is not kept, and leaves nothing behind", () => {
  const store = storeOf({ ...roomy, bytes: 5_000 });
  store.keep(keptOf("a", { input: [said("a", "x".repeat(10_000))] }));
  expect(store.kept()).toEqual({ count: 0, bytes: 0, since: null });
});

test("keeping one again changes it and leaves its place", () => {
  const store = storeOf({ ...roomy, most: 2 });
  store.keep(keptOf("a", { output: [], isRunning: true }));
  store.keep(keptOf("b"));
  expect(store.change(keptOf("a"))).toBe(true);
  expect(idsOf(store.conversation("a"))).toEqual(["in-a", "out-a"]);
  store.keep(keptOf("c"));
  expect(store.resource("a")).toBeUndefined();
});

test("one that was deleted while it ran does not come back", () => {
  const store = storeOf();
  store.keep(keptOf("a", { isRunning: true }));
  store.delete("a");
  expect(store.change(keptOf("a"))).toBe(false);
  expect(store.kept().count).toBe(0);
});

test("what a process left running is ended by the next, and nothing else", () => {
  const store = storeOf();
  store.keep(keptOf("a", { isRunning: true }));
  store.keep(keptOf("b"));
  const end = (resource: ResponseResource) => ({ ...resource, status: "failed" as const });
  store.endRunning(end);
  expect(store.resource("a")?.status).toBe("failed");
  expect(store.resource("b")?.status).toBe("completed");
});

test("the file is its owner's only, and after clearing holds none of the words", () => {
  using place = temporaryFolder();
  using database = openLocalDatabase(place.folder, "responses.sqlite");
  const store = createResponseStore(database);
  store.keep(keptOf("a", { input: [said("a", "my secret words")] }));
  const files = ["responses.sqlite", "responses.sqlite-wal"].map((name) =>
    join(place.folder, name),
  );
  const hasWords = () => files.some((path) => readFileSync(path).includes("secret words"));
  expect(hasWords()).toBe(true);
  for (const path of files) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(store.clear()).toBe(1);
  expect(hasWords()).toBe(false);
  expect(store.kept()).toEqual({ count: 0, bytes: 0, since: null });
});

test("a deleted response's words are overwritten in the file", () => {
  using place = temporaryFolder();
  {
    using database = openLocalDatabase(place.folder, "responses.sqlite");
    const store = createResponseStore(database);
    store.keep(keptOf("a", { input: [said("a", "my secret words")] }));
    store.delete("a");
  }
  expect(readFileSync(join(place.folder, "responses.sqlite")).includes("secret words")).toBe(false);
});
