/** Who counts as answering like their peers, and who may say so. */
import { expect, test } from "vitest";
import { type Answers, compareAnswers } from "./agreement.ts";

const prompts = 8;
const right = Array.from({ length: prompts }, (_, index) => `The answer to ${index} is long`);
const wrong = right.map((text) => `No. ${text}`);
/** Wrong from the start for so many of the questions. */
const mixed = (wrongOnes: number) =>
  right.map((text, index) => (index < wrongOnes ? wrong[index]! : text));
const node = (name: string, texts: Answers["texts"], owner = `owner of ${name}`): Answers => ({
  ...{ node: name, owner, texts },
});
const verdicts = (...all: Answers[]) =>
  Object.fromEntries(compareAnswers(all).map(({ node: name, verdict }) => [name, verdict]));

test("of three owners the one that answers otherwise is the one", () => {
  expect(verdicts(node("a", right), node("b", right), node("c", wrong))).toEqual({
    ...{ a: "consistent", b: "consistent", c: "inconsistent" },
  });
});

test("answers that part later are alike: rounding is other on other hardware", () => {
  const parted = right.map((text) => `${text.padEnd(40, ".")} and then something else`);
  const padded = right.map((text) => `  ${text.padEnd(40, ".")}\n or not`);
  expect(verdicts(node("a", parted), node("b", padded))).toEqual({
    ...{ a: "consistent", b: "consistent" },
  });
});

test("half of the beginnings are enough, and fewer are not", () => {
  const [a, b] = [node("a", right), node("b", right)];
  expect(verdicts(a, b, node("c", mixed(4)))["c"]).toBe("consistent");
  expect(verdicts(a, b, node("c", mixed(5)))["c"]).toBe("inconsistent");
});

test("of two who differ nobody can tell which is right", () => {
  expect(verdicts(node("a", right), node("b", wrong))).toEqual({
    ...{ a: "undecided", b: "undecided" },
  });
});

test("many nodes of one owner are one voice", () => {
  const crowd = Array.from({ length: 5 }, (_, index) => node(`crowd ${index}`, wrong, "one"));
  const found = verdicts(...crowd, node("a", right), node("b", right));
  expect(found).toMatchObject({ "crowd 0": "inconsistent", "crowd 4": "inconsistent" });
  expect(found).toMatchObject({ a: "consistent", b: "consistent" });
});

test("where everybody says something else nothing is learnt", () => {
  const all = ["a", "b", "c", "d"].map((name) =>
    node(
      name,
      right.map((text) => `${name}: ${text}`),
    ),
  );
  expect(new Set(Object.values(verdicts(...all)))).toEqual(new Set(["undecided"]));
});

test("questions without an answer do not count, and of fewer than six nothing is concluded", () => {
  const some = (count: number) => wrong.map((text, index) => (index < count ? text : undefined));
  const [a, b] = [node("a", right), node("b", right)];
  expect(compareAnswers([a, b, node("c", some(6))])[2]).toEqual({
    ...{ node: "c", verdict: "inconsistent", prompts: 6, agreement: 0, peers: 2 },
  });
  expect(verdicts(a, b, node("c", some(5)))["c"]).toBe("undecided");
});
