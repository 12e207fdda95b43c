/** Planted bugs fit the code they are planted in, and one of them shows what planting does. */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import { startSeedProcess } from "../../../tools/simulate/seed-process.ts";
import { allMutants } from "./all.ts";
import { mutate, pathOf } from "./plant.ts";

const patched = (mutant: (typeof allMutants)[number]) =>
  mutate(mutant, readFileSync(pathOf(mutant), "utf8"));

test.each(allMutants)(
  "the mutant $name fits its file, and what it makes of it parses",
  (mutant) => {
    expect(mutant.file).toMatch(/^src\/(?!.*\.test\.ts$)/);
    expect(() => stripTypeScriptTypes(patched(mutant))).not.toThrow();
  },
);

test("at least twenty bugs are planted, each under a name of its own", () => {
  expect(allMutants.length).toBeGreaterThanOrEqual(20);
  expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
});

test("a mutant whose place is gone, or is there twice, does not run", () => {
  const mutant = { name: "m", what: "", file: "src/a.ts", find: "b", replace: "c" };
  expect(mutate(mutant, "abd")).toBe("acd");
  for (const text of ["ad", "abbd"])
    expect(() => mutate(mutant, text)).toThrow("mutant m no longer fits its file: src/a.ts");
});

const easySeed = 1;
test("a bug is found in a world that is sound without it", { timeout: 180_000 }, async () => {
  await using sound = startSeedProcess();
  await using broken = startSeedProcess("held-not-released");
  const [without, withBug] = await Promise.all([sound.run(easySeed), broken.run(easySeed)]);
  expect(without.violations).toEqual([]);
  expect(withBug.violations[0]?.what).toContain("its holds say");
});
