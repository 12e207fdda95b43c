/** When a node that failed is asked whether it is back, and what follows. */
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createProbes, type Presence } from "./probes.ts";

const outMs = 30_000;

/** @param fraction of the moment that each client has for itself */
function start(presence: Presence = "there", fraction = 0.5) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const gone: string[] = [];
  const probes = createProbes({
    ...{ clock, random: { ...systemRandom, fraction: () => fraction } },
    async probe(node) {
      asked.push(node);
      return presence;
    },
    gone: (node) => void gone.push(node),
  });
  return { clock, asked, gone, probes };
}

test("a node is asked once its outage is over, at a moment of the client's own, and counts as out until it has answered", async () => {
  const { clock, asked, gone, probes } = start();
  probes.after("a", outMs);
  await clock.advance(outMs);
  expect([asked, probes.awaits("a")]).toEqual([[], true]);
  await clock.advance(1_500);
  expect([asked, gone, probes.awaits("a")]).toEqual([["a"], [], false]);
  expect(clock.waiting).toBe(0);
});

test("one that is gone is said to be, one that cannot be asked is not", async () => {
  for (const [presence, expected] of [
    ["gone", ["a"]],
    ["unknown", []],
  ] as const) {
    const { clock, gone, probes } = start(presence);
    probes.after("a", outMs);
    await clock.advance(outMs + 3_000);
    expect([gone, probes.awaits("a")]).toEqual([expected, false]);
  }
});

test("a node that answered a request meanwhile is not asked, one that failed again is asked later", async () => {
  const { clock, asked, probes } = start();
  probes.after("a", outMs);
  probes.after("b", outMs);
  probes.forget("a");
  probes.after("b", 2 * outMs);
  expect(probes.awaits("a")).toBe(false);
  await clock.advance(outMs + 3_000);
  expect(asked).toEqual([]);
  await clock.advance(outMs);
  expect(asked).toEqual(["b"]);
});

test("clients that saw one failure do not all ask at one instant", async () => {
  const early = start("there", 0);
  const late = start("there", 0.99);
  for (const { probes, clock } of [early, late]) {
    probes.after("a", outMs);
    await clock.advance(outMs + 100);
  }
  expect([early.asked, late.asked]).toEqual([["a"], []]);
});

test("no more than 64 are asked, and none once the sidecar has stopped", async () => {
  const { clock, asked, probes } = start();
  for (let node = 0; node < 100; node += 1) probes.after(`${node}`, outMs);
  expect([clock.waiting, probes.awaits("99")]).toEqual([64, false]);
  probes[Symbol.dispose]();
  expect(clock.waiting).toBe(0);
  await clock.advance(2 * outMs);
  expect(asked).toEqual([]);
});
