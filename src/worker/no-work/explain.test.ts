/** What a donor reads: a cause, a step, and nothing that somebody else could have written into their terminal. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandThatGets, explain, isShowable } from "./explain.ts";
import { changes, quiet, wantedModel } from "./facts.fixture.ts";
import { type WhyCode, whyNoWork } from "./why-no-work.ts";

const codes = Object.keys(changes) as WhyCode[];

test.each(codes)("%s has a cause, a step, and a row in docs/worker.md", (code) => {
  const { cause, step } = explain(whyNoWork({ ...quiet, ...changes[code] })!);
  expect(cause).toMatch(/^[A-Z].*\.$/);
  expect(step).not.toBe("");
  const documented = readFileSync(`${import.meta.dirname}/../../../docs/worker.md`, "utf8");
  expect(documented).toMatch(new RegExp(`^\\| \`${code}\` \\|`, "m"));
});

test("docs/worker.md names no other reason", () => {
  const documented = readFileSync(`${import.meta.dirname}/../../../docs/worker.md`, "utf8");
  const [, section = ""] = documented.split("## When no work comes");
  const named = [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code);
  expect(new Set(named)).toEqual(new Set(codes));
});

test.each([
  ["qwen3:8b", "ollama pull qwen3:8b"],
  ["library/qwen3:8b", "ollama pull library/qwen3:8b"],
  ["Qwen/Qwen3-8B", undefined],
  ["qwen3", undefined],
  ["-f:x", undefined],
  ["a:b;rm", undefined],
  ["a:b\n", undefined],
])("%j is got by %j", (model, command) => {
  expect(commandThatGets(model)).toBe(command);
});

test("a name that could not be a model's is not shown", () => {
  const model = "\u001b[2Jqwen3:8b";
  expect(isShowable(model)).toBe(false);
  const wanted = [wantedModel({ model, others: 1 }), wantedModel({ others: 1 })];
  const { cause } = explain({ code: "others_preferred", wanted });
  expect(cause).toContain("qwen3:8b (2 accounts, 1 other node)");
  expect(cause).not.toContain("\u001b");
});
