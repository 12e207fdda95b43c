/** What a relay that traces tells of a stream: how long it took and how it ended, and nothing of whose it was. */
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createMailbox } from "../../test/support/fake-engine/mailbox.ts";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { systemRandom } from "../base/random.ts";
import { createTracer, type EndedSpan } from "../host/observe/tracing.ts";
import { answerTo, connectWorker, startRelayFixture } from "./relay.fixture.ts";

const others = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async function startTraced() {
  const stack = new AsyncDisposableStack();
  const clock = createFakeClock();
  const spans = createMailbox<EndedSpan>();
  const sampler = { ratio: 1, followsParent: true };
  const parts = { clock, random: systemRandom, sampler, propagates: true, export: spans.put };
  const relay = stack.use(await startRelayFixture({}, clock, createTracer(parts)));
  const worker = await connectWorker([relay.url], clock);
  stack.defer(() => worker.stop());
  return { clock, spans, relay, worker, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test("a stream is a trace of its own, and says nothing of its ticket", async () => {
  await using traced = await startTraced();
  const { clock, spans, relay, worker } = traced;
  const token = await relay.token(worker.node, { sub: "a-pseudonym" });
  const request = relay.post(worker.node, token, { traceparent: others });
  request.end("question");
  const stream = await worker.streams.next();
  await clock.advance(1_500);
  stream.respond({ ":status": 200 });
  stream.end("answer");
  expect(await text(await answerTo(request))).toBe("answer");
  const span = await spans.next();
  expect(span).toMatchObject({
    ...{ name: "POST /relay/:node/infer", kind: "server", parentId: undefined },
    attributes: { "troop.node": worker.node.id, "http.response.status_code": 200 },
    failure: undefined,
  });
  expect(span.endedAt - span.startedAt).toBe(1_500);
  const [, traceId] = others.split("-");
  const { jti } = JSON.parse(atob(token.split(".")[1]!)) as { jti: string };
  for (const secret of [traceId!, jti, "a-pseudonym"])
    expect(JSON.stringify(span)).not.toContain(secret);
  expect(JSON.stringify(await worker.headers.next())).not.toContain(traceId);
});

test("a stream that is cut says so; who has no ticket is no span", async () => {
  await using traced = await startTraced();
  const { spans, relay, worker } = traced;
  const stranger = relay.post(worker.node, "no ticket");
  stranger.end();
  expect((await answerTo(stranger)).statusCode).toBe(401);
  const request = relay.post(worker.node, await relay.token(worker.node));
  request.end("question");
  const stream = await worker.streams.next();
  stream.respond({ ":status": 200 });
  await answerTo(request);
  stream.session!.destroy();
  expect(await spans.next()).toMatchObject({ failure: "gone" });
  const elsewhere = relay.post("A".repeat(43), await relay.token(worker.node));
  elsewhere.end();
  expect((await answerTo(elsewhere)).statusCode).toBe(403);
  expect(spans.all).toHaveLength(1);
});
