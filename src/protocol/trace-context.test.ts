import fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "./limits.ts";
import { packFrame } from "./frames.ts";
import { packTrace, readTraceparent, traceparentOf, unpackTrace } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test("the example of the standard is read, and written as it was", () => {
  const text = `00-${traceId}-${spanId}-01`;
  expect(readTraceparent(text)).toEqual({ traceId, spanId });
  expect(traceparentOf({ traceId, spanId })).toBe(text);
});

test.each([
  ["that it is not sampled", `00-${traceId}-${spanId}-00`],
  ["no trace", `00-${"0".repeat(32)}-${spanId}-01`],
  ["no span", `00-${traceId}-${"0".repeat(16)}-01`],
  ["another version", `01-${traceId}-${spanId}-01`],
  ["the version that is none", `ff-${traceId}-${spanId}-01`],
  ["upper case", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["more than it may", `00-${traceId}-${spanId}-01-more`],
  ["nothing", ""],
  ["itself twice", [`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01`]],
])("a header that says %s is as good as none", (_what, header) => {
  expect(readTraceparent(header)).toBeUndefined();
});

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((some) => some.some((byte) => byte !== 0))
    .map((some) => Buffer.from(some).toString("hex"));

test("what is packed is unpacked again, and anything else is none", () => {
  fc.assert(
    fc.property(fc.record({ traceId: hex(16), spanId: hex(8) }), (context) => {
      expect(unpackTrace(packTrace(context))).toEqual(context);
    }),
  );
  for (const text of [
    undefined,
    "",
    "A".repeat(32),
    "AAAA",
    packTrace({ traceId, spanId }) + "AAAA",
  ])
    expect(unpackTrace(text)).toBeUndefined();
});

test("the largest head fits the smallest frame with it: sizes do not tell who traces", () => {
  const bytes32 = "x".repeat(43);
  const head = {
    ...{ path: "/v1/chat/completions", k: limits.secretsPerTicket, x: bytes32 },
    proof: Array.from({ length: limits.secretTreeDepth }, () => bytes32),
  };
  const sizeOf = (json: object) =>
    packFrame({ type: "head", bytes: Buffer.from(JSON.stringify(json)) }).length;
  expect(sizeOf({ ...head, of: packTrace({ traceId, spanId }) })).toBe(sizeOf(head));
  expect(sizeOf(head)).toBe(limits.leastFrameBytes);
});
