/** What is told of a model that nobody offers: that it may come back, unless it is known that there is none. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import type { Peer } from "../protocol/node.ts";
import { createLatelyOffered } from "./lately-offered.ts";

const offering = (...names: string[]) =>
  [{ models: names.map((name) => ({ name })) }] as unknown as Peer[];

function start(...names: string[]) {
  const clock = createFakeClock();
  const lately = createLatelyOffered(clock);
  lately.listed(offering(...names));
  const toldOf = (...asked: Parameters<typeof lately.notOffered>) => {
    const { code, message } = lately.notOffered(...asked);
    return [code, message];
  };
  return { clock, lately, toldOf };
}

const missing = ["model_not_found", expect.anything()];
const away = (text: string) => ["no_nodes_available", expect.stringContaining(text)];

test("one that went away is away for ten minutes, and then there is none", async () => {
  const { clock, lately, toldOf } = start("m", "other");
  await clock.advance(15_000);
  lately.listed(offering("other"));
  expect(toldOf("m")).toEqual(away("offers m right now; it was on offer 15 s ago"));
  await clock.advance(585_000);
  lately.listed(offering("other"));
  expect(toldOf("m")).toEqual(away("600 s ago"));
  expect(lately.isGone("m")).toBe(true);
  await clock.advance(1);
  expect(toldOf("m")).toEqual(missing);
  expect(lately.isGone("m")).toBe(false);
});

test("one that is back is not away, nor is one that never was", () => {
  const { lately, toldOf } = start("m", "other");
  expect([toldOf("m"), toldOf("never")]).toEqual([missing, missing]);
  lately.listed(offering("other"));
  expect([toldOf("m"), toldOf("never")]).toEqual([away("m"), missing]);
  lately.listed(offering("m", "other"));
  expect([toldOf("m"), lately.isGone("m")]).toEqual([missing, false]);
});

test("its other names are away with it", () => {
  const { lately, toldOf } = start("qwen3:8b", "other");
  lately.listed(offering("other"));
  expect(toldOf("Qwen/Qwen3-8B")).toEqual(away("Qwen/Qwen3-8B"));
  expect(toldOf("someone/Qwen3-8B")).toEqual(missing);
  lately.listed(offering("Qwen3-8B-Q4_K_M.gguf", "other"));
  expect(toldOf("qwen3:8b")).toEqual(missing);
});

test("a name that stands for several is away where one of them is", () => {
  const { lately, toldOf } = start("a", "b");
  expect(toldOf("mine", ["a", "none"])).toEqual(missing);
  expect(toldOf("troop/auto", "any")).toEqual(missing);
  lately.listed(offering("b"));
  expect(toldOf("mine", ["none", "a"])).toEqual(away("mine"));
  expect(toldOf("mine", ["none", "b"])).toEqual(missing);
  expect(toldOf("troop/auto", "any")).toEqual(away("troop/auto"));
});

test("without a list, with an empty one, one that is not whole or an old one nobody knows that there is none", async () => {
  const { clock, lately, toldOf } = start();
  expect(toldOf("never")).toEqual(away("offers anything"));
  lately.listed([]);
  expect(toldOf("never")).toEqual(away("offers anything"));
  lately.listed(offering("other"));
  expect(toldOf("never")).toEqual(missing);
  lately.listed(offering("other"), false);
  expect(toldOf("never")).toEqual(away("has just started"));
  expect(toldOf("mine", ["never"])).toEqual(away("has just started"));
  lately.listed(offering("other"));
  await clock.advance(60_001);
  expect(toldOf("never")).toEqual(away("cannot be listed"));
  const { code } = createLatelyOffered(clock).notOffered("never");
  expect(code).toBe("no_nodes_available");
});

test("what is on offer is remembered before what is not, however many names come and go", () => {
  const { lately } = start("m");
  for (let round = 0; round < 9; round += 1)
    lately.listed(
      offering("m", ...Array.from({ length: 1_000 }, (_, index) => `${round}-${index}`)),
    );
  lately.listed(offering("other"));
  expect([lately.isGone("m"), lately.isGone("8-999"), lately.isGone("0-0")]).toEqual([
    true,
    true,
    false,
  ]);
});
