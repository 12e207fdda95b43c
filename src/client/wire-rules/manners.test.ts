/** What clients were seen to depend on around an answer: headers, keys, leaving. One test for each rule, under its name. */
import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork } from "../fixtures/sidecar.fixture.ts";

const chat = "/v1/chat/completions";
const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }] };

test("headers out: x-request-id on each answer, another each time", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const answers = [
    await post(network, chat, question),
    await post(network, chat, { ...question, stream: true }),
    await post(network, chat, { ...question, model: "none" }),
    await fetch(`${network.sidecar.url}/v1/models`),
    await fetch(`${network.sidecar.url}/nothing`),
  ];
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  for (const id of ids) expect(id).toMatch(/^[\w-]{16,}$/);
  expect(new Set(ids).size).toBe(answers.length);
  await Promise.all(answers.map((answer) => answer.text()));
});

test("headers out: x-troop-node, and x-troop-cost where the answer is whole before it leaves", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const whole = await post(network, chat, question);
  expect(whole.headers.get("x-troop-node")).toBe(network.worker.nodeId);
  expect(whole.headers.get("x-troop-cost")).toBe("0.010000");
  const stream = await post(network, chat, { ...question, stream: true });
  expect(stream.headers.get("x-troop-node")).toBe(network.worker.nodeId);
  expect(stream.headers.get("x-troop-cost")).toBeNull();
  // Its cost comes before its end, as a comment: every reader passes over it.
  const text = await stream.text();
  expect(text.endsWith(": x-troop-cost 0.010000\n\ndata: [DONE]\n\n")).toBe(true);
});

test("headers out: no x-ratelimit-* is made up", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const answer = await post(network, chat, question);
  expect([...answer.headers.keys()].filter((name) => name.startsWith("x-ratelimit"))).toEqual([]);
});

test.each<[headers: Record<string, string>, withKey: number]>([
  [{}, 401],
  [{ authorization: "Bearer open" }, 200],
  [{ authorization: "bearer open" }, 200],
  [{ "x-api-key": "open" }, 200],
  [{ authorization: "Bearer wrong", "x-api-key": "open" }, 200],
  [{ authorization: "Bearer sk-anything" }, 401],
  [{ "x-api-key": "sk-anything" }, 401],
  [{ authorization: "Bearer " }, 401],
  [{ authorization: "Bearer openopen" }, 401],
  [{ authorization: "Basic open" }, 401],
  [{ "api-key": "open" }, 401],
])(
  "any key is accepted unless one is set; then Bearer or x-api-key: %j",
  async (given, withKey) => {
    const clock = createFakeClock();
    await using open = await startTestNetwork(clock);
    await using shut = await startTestNetwork(clock, [undefined], { apiKey: "open" });
    const statuses = [open, shut].map(async ({ sidecar }) => {
      const answer = await fetch(`${sidecar.url}/v1/models`, { headers: given });
      await answer.text();
      return answer.status;
    });
    expect(await Promise.all(statuses)).toEqual([200, withKey]);
  },
);

test("client disconnect cancels the node's work at once, streamed or not", async () => {
  for (const stream of [true, false]) {
    const clock = createFakeClock();
    await using network = await startTestNetwork(clock, [
      (exchange) => {
        exchange.open();
        exchange.text("once");
        begun.resolve();
      },
    ]);
    const begun = Promise.withResolvers<void>();
    const { hostname, port } = new URL(network.sidecar.url);
    const headers = { "content-type": "application/json" };
    const asking = httpRequest({ hostname, port, path: chat, method: "POST", headers });
    asking.on("error", () => undefined);
    asking.end(JSON.stringify({ ...question, stream }));
    await begun.promise;
    asking.destroy();
    await network.worker.requests[0]!.gone;
    // Well within a second: no time was needed at all.
    expect(clock.monotonic()).toBe(0);
  }
});
