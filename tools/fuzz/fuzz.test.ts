/** A few seconds of `npm run fuzz`: every answer is a documented one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { runCampaign } from "./campaign.ts";
import { caseOf, casesFor } from "./cases.ts";
import { openGround, type Ground } from "./ground.ts";
import { readOptions } from "./options.ts";

const resources = new AsyncDisposableStack();
let ground: Ground;
beforeAll(async () => {
  const { url: databaseUrl } = resources.use(await createDatabase());
  ground = resources.use(await openGround({ databaseUrl }));
});
afterAll(() => resources.disposeAsync());

test("six hundred cases end, each with a documented answer", async () => {
  const { failures, codes, cases } = await runCampaign(ground, 1, (index) => index >= 600);
  expect(failures).toEqual([]);
  expect(cases).toBe(600);
  expect(codes.size).toBeGreaterThan(15);
}, 120_000);

test("a case is made again from its seed and number, and other seeds make others", () => {
  const cases = casesFor(ground.document, ground.words);
  const some = (seed: number) =>
    Array.from({ length: 20 }, (_, index) => caseOf(cases, seed, index));
  expect(some(7)).toEqual(some(7));
  expect(some(8)).not.toEqual(some(7));
});

test("what is not understood on the command line is refused", () => {
  expect(readOptions(["--seed", "7", "--case", "12"])).toEqual({
    ...{ kind: "case", seed: 7, index: 12 },
  });
  for (const wrong of [["--minutes", "x"], ["--seed", "-1"], ["--colour"], ["7"]])
    expect(() => readOptions(wrong)).toThrow(Error);
});
