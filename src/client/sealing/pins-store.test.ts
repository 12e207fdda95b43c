import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalDatabase, openLocalDatabase } from "../../host/local-database.ts";
import type { NodeKey } from "../../protocol/key-statement.ts";
import { createPinsStore, type PinsStore } from "./pins-store.ts";

let database: LocalDatabase;
let pins: PinsStore;
beforeEach(() => {
  database = openLocalDatabase("", ":memory:");
  pins = createPinsStore(database);
});
afterEach(() => database[Symbol.dispose]());

const keyOf = (changes: Partial<NodeKey> = {}): NodeKey => ({
  ...{ node: "n", owner: "o", kid: "k1", from: 1_000, until: 2_000, boot: "b", publicKey: "p" },
  ...changes,
});

test("the first owner to vouch for a node is remembered, with the key and since when", () => {
  expect(pins.find("n")).toBeUndefined();
  expect(pins.remember(keyOf(), 5)).toBe(true);
  expect(pins.find("n")).toEqual({
    ...{ node: "n", owner: "o", since: 5 },
    key: { kid: "k1", from: 1_000 },
  });
});

test("a newer key of the same owner takes the former's place, and the date stays", () => {
  pins.remember(keyOf(), 5);
  expect(pins.remember(keyOf({ kid: "k2", from: 1_500 }), 9)).toBe(true);
  expect(pins.find("n")).toMatchObject({ since: 5, key: { kid: "k2", from: 1_500 } });
});

test.each([
  ["another owner", { owner: "thief", from: 9_000, kid: "k2" }],
  ["an older key", { kid: "k0", from: 999 }],
])("%s changes nothing", (_who, changes) => {
  pins.remember(keyOf(), 5);
  const before = pins.find("n");
  expect(pins.remember(keyOf(changes), 9)).toBe(false);
  expect(pins.find("n")).toEqual(before);
});

test("who is accepted replaces owner and key, so that any key of theirs may follow", () => {
  pins.remember(keyOf(), 5);
  pins.accept("n", "other", 7);
  expect(pins.find("n")).toEqual({ node: "n", owner: "other", since: 7 });
  expect(pins.remember(keyOf({ owner: "other", from: 1 }), 9)).toBe(true);
});

test("what is forgotten is as never met", () => {
  expect(pins.forget("n")).toBe(false);
  pins.remember(keyOf(), 5);
  expect(pins.forget("n")).toBe(true);
  expect(pins.find("n")).toBeUndefined();
  expect(pins.remember(keyOf({ owner: "thief" }), 9)).toBe(true);
});

test("they are listed by age", () => {
  pins.remember(keyOf({ node: "young" }), 9);
  pins.remember(keyOf({ node: "old" }), 5);
  expect(pins.all().map(({ node }) => node)).toEqual(["old", "young"]);
});
