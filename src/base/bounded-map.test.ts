import { expect, test } from "vitest";
import { boundedMap } from "./bounded-map.ts";

test("a bounded map forgets its oldest entry, and writing makes an entry the newest", () => {
  const map = boundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  expect([...map.entries()]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
  expect(map.get("b")).toBeUndefined();
});
