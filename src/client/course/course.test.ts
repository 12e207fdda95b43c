/** What the next node is asked names those before it by what they said. */
import { expect, test } from "vitest";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Model } from "../../protocol/node.ts";
import type { Asking } from "./asking.ts";
import { createCourse } from "./course.ts";

const begun = { capability: "prefill", fields: {}, inquiry: {}, seam: "", tokens: 2 } as const;
const modelOf = (name: string): Model => ({ name, capabilities: ["chat"], loaded: true });
const failedAt = (node: string, hasSpoken: boolean) => ({
  outcome: "failed" as const,
  ...{ error: new TroopError("stream_truncated"), cost: 0n, node, hasSpoken },
  ...{ name: `${node}.1`, offer: modelOf(node) },
});

test("of two that were asked at once, the one that spoke is gone on with", () => {
  // Both have failed by the time that the first of them is told of.
  const asking = { rest: () => begun, hasContent: () => true } as unknown as Asking;
  const course = createCourse(asking);
  expect(course.failed(failedAt("silent", false))).toBe("as_before");
  expect(course.failed(failedAt("spoke", true))).toBe("further");
  expect(course.relation).toEqual({ continues: "spoke.1", part: 2 });
  expect(course.begunBy).toEqual(modelOf("spoke"));
});
