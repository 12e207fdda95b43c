/** The owner's word holds even where it cannot be kept. */
import { expect, test } from "vitest";
import { createSteering } from "./steering.ts";

test("a pause that cannot be written down pauses all the same, and the owner hears of it", () => {
  const moves: string[] = [];
  const steering = createSteering({
    ...{ folder: "/nowhere/at/all", move: (event) => void moves.push(event), status: () => ({}) },
    exchanges: { drained: () => Promise.resolve() },
  });
  expect(() => steering.verbs["POST /pause"]!(undefined)).toThrow(
    expect.objectContaining({ code: "data_folder_invalid" }) as Error,
  );
  expect(moves).toEqual(["pause"]);
});
