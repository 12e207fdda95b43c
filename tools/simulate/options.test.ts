import { expect, test } from "vitest";
import { readOptions, usage } from "./options.ts";

test("without a word, twenty worlds from the first seed on run in as many processes as there are cores", () => {
  expect(readOptions([])).toMatchObject({ kind: "seeds", from: 1, count: 20, isJson: false });
});

test.each([
  [
    ["--seeds", "500", "--from", "7", "--jobs", "3"],
    { kind: "seeds", count: 500, from: 7, jobs: 3 },
  ],
  [["--seed", "12"], { kind: "replay", seed: 12, isTraced: false }],
  [["--seed", "12", "--trace"], { kind: "replay", seed: 12, isTraced: true }],
  [["--mutants"], { kind: "mutants", count: 120, only: undefined }],
  [["--mutants", "--only", "cap-off"], { kind: "mutants", only: "cap-off" }],
  [["--stalling", "--json"], { kind: "stalling", isJson: true }],
  [["--help"], { kind: "help" }],
])("%j is understood", (args, wish) => {
  expect(readOptions(args)).toMatchObject(wish);
});

test.each([
  [["--sedes", "5"], "--sedes"],
  [["5"], "5"],
  [["--trace"], "--trace does not go with a run of many worlds"],
  [["--only", "cap-off"], "--only does not go with a run of many worlds"],
  [["--seed", "1", "--jobs", "2"], "--jobs does not go with --seed"],
  [["--mutants", "--stalling"], "--stalling does not go with --mutants"],
  [["--mutants", "--only", "nothing"], "there is no mutant nothing"],
  [["--seeds", "0"], "--seeds takes a whole number of at least 1"],
  [["--seeds", "1.5"], "--seeds takes a whole number"],
  [["--jobs", "many"], "--jobs takes a whole number"],
])("%j is refused", (args, reason) => {
  expect(() => readOptions(args)).toThrow(reason);
});

test("the help names every flag", () => {
  for (const flag of ["seeds", "from", "jobs", "seed", "trace", "mutants", "only", "stalling"])
    expect(usage).toContain(`--${flag}`);
});

test("the help's examples are understood", () => {
  const examples = usage.match(/^ {2}npm run simulate\b.*?(?= {2,})/gm) ?? [];
  expect(examples).toHaveLength(5);
  for (const example of examples)
    expect(() => readOptions(example.split(" ").slice(6))).not.toThrow();
});
