/** The benchmark's own rules: which answers pass, how a round becomes ratios, how /proc is read. */
import { expect, test } from "vitest";
import { comparable, eventsOf, faultOf, planOf, requestBody, type Plan } from "./answer.ts";
import { figuresOf, turned, type Round } from "./gates.ts";
import { parseCpuMs, parseParent, parseResidentKb } from "./usage.ts";

const plan: Plan = { words: 3, pauseMs: 0, isHeld: false };
const { opening, ending } = eventsOf(plan);
const direct = [...opening, ...ending].join("");
const ok = (text: string) => faultOf({ status: 200, text }, plan);

test("a plan arrives as it was asked", () => {
  expect(planOf(requestBody(plan))).toEqual(plan);
});

test("the direct answer passes, and so does one with a name of its own and comments", () => {
  expect(ok(direct)).toBeUndefined();
  const ours = direct
    .replaceAll("chatcmpl-bench", "chatcmpl-5f2e")
    .replaceAll(/"created":\d+/g, '"created":1')
    .replace("data: [DONE]", ": troop-cost 0.000001\n\ndata: [DONE]");
  expect(comparable(ours)).toBe(comparable(direct));
  expect(ok(ours)).toBeUndefined();
});

test.each([
  ["a changed word", direct.replace("word 1", "word 9"), /other bytes/],
  ["a missing event", direct.replace(opening[1]!, ""), /6 events instead of 7/],
  ["a repeated event", direct.replace(opening[1]!, opening[1]! + opening[1]!), /8 events/],
  ["no end", direct.replace("data: [DONE]\n\n", ""), /no \[DONE\]/],
  ["swapped events", [opening[1], opening[0], ...opening.slice(2), ...ending].join(""), /bytes/],
])("an answer with %s fails", (_name, text, fault) => {
  expect(ok(text)).toMatch(fault);
});

test("an error fails whatever it says", () => {
  expect(faultOf({ status: 503, text: direct }, plan)).toMatch(/^status 503/);
});

const round = (change: Partial<Round["p50Ms"]> = {}): Round => ({
  p50Ms: {
    direct: 1,
    nginx: 1.5,
    "keeping nginx": 1.2,
    portkey: 4,
    ours: 2.5,
    floor: 2,
    ...change,
  },
  requestMs: { nginx: 0.1, portkey: 2, ours: 1, floor: 0.5 },
  chunkUs: { nginx: 20, ours: 60, floor: 40 },
});

test("each figure is ours over its reference, and times count above the direct way", () => {
  const figures = figuresOf([round(), round()], [100, 100]);
  expect(figures.map(({ median }) => median)).toEqual([3, 0.5, 0.5, 2, 3, 100]);
  expect(figures.every(({ verdict }) => verdict === "met")).toBe(true);
});

test("a round in which the reference adds nothing gives no ratio", () => {
  expect(figuresOf([round({ nginx: 0.9 }), round()], [100])[0]).toMatchObject({ median: 3 });
  expect(() => figuresOf([round({ nginx: 1 })], [100])).toThrow(/no round measured/);
});

test("each path comes first in some round", () => {
  expect([0, 1, 2, 3].map((by) => turned(["a", "b", "c"], by).join(""))).toEqual([
    ...["abc", "bca", "cab", "abc"],
  ]);
});

test("a process's name cannot shift the fields behind it", () => {
  const stat = "12 (a) b (c) S 7 1 1 0 -1 0 1 0 0 0 150 50 9 9 20 0 1 0 5 0 0";
  expect(parseParent(stat)).toBe(7);
  expect(parseCpuMs("2500000 99 3\n")).toBe(2.5);
});

test("resident memory is what the system says, and nothing of a process that has ended", () => {
  expect(parseResidentKb("Name:\tnode\nVmRSS:\t   51234 kB\nThreads:\t1\n")).toBe(51_234);
  expect(() => parseResidentKb("Name:\tnode\nState:\tZ (zombie)\n")).toThrow(/ended/);
});
