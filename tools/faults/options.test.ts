import { expect, test } from "vitest";
import { readOptions, usage, victimNames } from "./options.ts";

test("without a word, every victim suffers every fault twenty times", () => {
  expect(readOptions([])).toEqual({
    ...{ kind: "faults", rounds: 20, victims: victimNames, isJson: false },
    faults: ["killed", "paused"],
  });
});

test.each([
  [["--help"], { kind: "help" }],
  [["--rounds", "3", "--json"], { rounds: 3, isJson: true }],
  [["--only", "worker", "--fault", "killed"], { victims: ["worker"], faults: ["killed"] }],
  [["--only", "PostgreSQL"], { victims: ["coordinator on PostgreSQL", "PostgreSQL"] }],
])("%j is understood", (args, wish) => {
  expect(readOptions(args)).toMatchObject(wish);
});

test.each([
  [["--round", "3"], "--round"],
  [["worker"], "worker"],
  [["--rounds", "0"], '--rounds takes a whole number of at least 1, and not "0"'],
  [["--rounds", "1e3"], "--rounds takes a whole number"],
  [["--only", "engine"], 'there is no victim "engine"'],
  [["--fault", "tired"], 'there is no fault "tired"'],
])("%j is refused, and nobody suffers", (args, reason) => {
  expect(() => readOptions(args)).toThrow(reason);
});

test("the help names every flag and victim, and its examples are understood", () => {
  for (const flag of ["rounds", "only", "fault", "json", "help"])
    expect(usage).toContain(`--${flag}`);
  for (const victim of victimNames) expect(usage).toContain(victim);
  const examples = usage.match(/^ {2}npm run faults\b.*?(?= {2,})/gm) ?? [];
  expect(examples).toHaveLength(4);
  for (const example of examples) {
    const words = example.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', ""));
    expect(readOptions(words.slice(4))).toMatchObject({ kind: "faults" });
  }
});
