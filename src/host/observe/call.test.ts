/** What goes along with a call: to whoever is called within it, and into the log. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { systemRandom } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { createLog } from "../log.ts";
import { apart, headersOfCall, inCall, serving, spanning } from "./call.ts";
import { entryOf } from "./log-entry.ts";
import { logsBody, tracesBody } from "./otlp.ts";
import { createTracer, type EndedSpan, type Sampler } from "./tracing.ts";

function begin(propagates = true, sampler: Sampler = { ratio: 1, followsParent: true }) {
  const ended: EndedSpan[] = [];
  const clock = createFakeClock();
  const tracer = createTracer({
    ...{ clock, random: systemRandom, sampler, propagates },
    export: (span) => ended.push(span),
  });
  return { tracer, ended, clock };
}
const asked = { name: "asked", kind: "client" } as const;
const served = { name: "served", kind: "server" } as const;

test("outside of a call nothing is told and nothing traced", async () => {
  expect(headersOfCall()).toEqual({});
  expect(await spanning(asked, async (span) => span)).toBeUndefined();
});

test("within one its id is told, and its span; work that it only set off is not its own", async () => {
  const { tracer, ended } = begin();
  await serving({ requestId: "r", tracer }, undefined, served, async () => {
    await spanning(asked, async (span) => {
      const { traceId, spanId } = span!.context;
      const traceparent = `00-${traceId}-${spanId}-01`;
      expect(headersOfCall()).toEqual({ "x-request-id": "r", traceparent });
      expect(apart(headersOfCall)).toEqual({});
    });
  });
  const [inner, outer] = ended;
  expect(inner).toMatchObject({ parentId: outer!.spanId, traceId: outer!.traceId });
});

test("who is to tell nobody tells nobody", async () => {
  const { tracer } = begin(false);
  await serving({ requestId: "r", tracer }, undefined, served, async () => {
    expect(headersOfCall()).toEqual({ "x-request-id": "r" });
  });
});

const parent = { traceId: "f".repeat(32), spanId: "b".repeat(16) };
test.each([
  [{ ratio: 0, followsParent: true }, 1],
  [{ ratio: 0, followsParent: false }, 0],
  [{ ratio: 1, followsParent: false }, 1],
])("of a caller who traces, the sampler %j keeps %i spans", async (sampler, kept) => {
  const { tracer, ended } = begin(true, sampler);
  await serving({ requestId: "r", tracer }, parent, served, async () => undefined);
  expect(ended).toHaveLength(kept);
});

test("a span says how long it took and the code that it failed with, and nothing of the error's text", async () => {
  const { tracer, ended, clock } = begin();
  const failing = serving({ requestId: "r", tracer }, parent, served, async () => {
    await clock.advance(1_500);
    throw new TroopError("busy", "a secret");
  });
  await expect(failing).rejects.toThrow("a secret");
  const { startedAt, endedAt, failure } = ended[0]!;
  expect([endedAt - startedAt, failure]).toEqual([1_500, "busy"]);
  const body = JSON.stringify(tracesBody({ "service.name": "s" }, ended));
  expect(body).not.toContain("secret");
  expect(body).toContain('"status":{"code":2}');
});

test("a line of the log says in which call and span it was written, and goes to the collector so", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const span = begin().tracer.begin({ ...served, parent })!;
  inCall({ requestId: "r", span }, () => log.warn({ node: "n", err: new Error("no") }, "it said"));
  const entry = entryOf(lines[0]!)!;
  expect(entry).toMatchObject({ level: 40, text: "it said" });
  const body = logsBody({ "service.name": "s" }, [entry]) as {
    resourceLogs: { scopeLogs: { logRecords: object[] }[] }[];
  };
  expect(body.resourceLogs[0]!.scopeLogs[0]!.logRecords[0]).toMatchObject({
    ...{ severityNumber: 13, body: { stringValue: "it said" } },
    ...{ traceId: parent.traceId, spanId: span.context.spanId },
    attributes: expect.arrayContaining([
      { key: "request_id", value: { stringValue: "r" } },
      { key: "node", value: { stringValue: "n" } },
      { key: "err.message", value: { stringValue: "no" } },
    ]) as object[],
  });
  expect(entryOf("not ours")).toBeUndefined();
});
