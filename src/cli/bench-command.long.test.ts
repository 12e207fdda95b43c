/** `troop worker bench` on this machine, with whatever proves here: it takes some tasks of three seconds. */
import { expect, test } from "vitest";
import { lastObject, startTroop } from "../../test/support/processes.ts";

test("it says what the machine would count as, by what, and from which times", async () => {
  const exit = await startTroop(["worker", "bench", "--json"]).ended;
  expect(exit).toMatchObject({ code: 0 });
  const shown = lastObject(exit) as { multiplier: string; gops: number; spans_ms: number[] };
  expect(shown.multiplier).toMatch(/^\d+\.\d{4}$/);
  expect(shown.gops).toBeGreaterThan(0);
  expect(shown.spans_ms).toHaveLength(3);
  expect(shown).toMatchObject({ device: { name: expect.any(String) as string } });
}, 120_000);
