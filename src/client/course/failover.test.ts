/** A request that meets a failure before its first content is answered by somebody else. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { createSearch, remedyFor } from "./failover.ts";
import { all, post, startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "../fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };

/** Whichever of the nodes is asked first does as `failure` says; the others answer. */
function firstFails(failure: Script): Script[] {
  let isFirst = true;
  const script: Script = (exchange) => {
    const act = isFirst ? failure : sayHello;
    isFirst = false;
    return act(exchange);
  };
  return [script, script, script];
}

const failures: Record<string, Script> = {
  "is busy": ({ refuse }) => refuse(503, "busy"),
  "is draining": ({ refuse }) => refuse(503, "draining"),
  "does not answer as a node does": ({ refuse }) => refuse(418, "teapot"),
  "refuses inside its frames": ({ frame, end }) => {
    frame("head", { status: 503, headers: {} });
    const error = { message: "", type: "", param: null, code: "owner_busy" };
    frame("body", { error, request_id: "r" }, true);
    end();
  },
  "cuts the connection": ({ open, die }) => {
    open();
    die();
  },
  "says no more than its role": ({ open, event, end }) => {
    open();
    event({ choices: [{ delta: { role: "assistant" } }] });
    end();
  },
  "breaks off with an error event": ({ open, event, line, end }) => {
    open();
    event({ error: { message: "boom", type: "", param: null, code: "engine_error" } });
    line({ finish: "worker_error", cost: "0.000000" });
    end();
  },
  "reports that its engine failed": ({ open, line, end }) => {
    open();
    line({ finish: "worker_error", cost: "0.000000" });
    end();
  },
};

test.each(Object.entries(failures))("a node that %s is replaced by another", async (_, failure) => {
  await using network = await startTestNetwork(createFakeClock(), firstFails(failure));
  const chunks = await all(
    await network.openai.chat.completions.create({ ...question, stream: true }),
  );
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello you");
  expect(chunks.filter(({ choices }) => choices[0]?.delta.role)).toHaveLength(1);
  expect(network.workers.filter(({ requests }) => requests.length === 1)).toHaveLength(2);
});

test("a node that cannot be reached is replaced by another", async () => {
  await using network = await startTestNetwork(createFakeClock(), [sayHello, sayHello]);
  const gone = network.workers[0]!;
  await gone[Symbol.asyncDispose]();
  network.workers.shift();
  // Chosen whatever the draw: the other is full as far as the list knows.
  network.coordinator.nodes = network.coordinator.nodes.map((node) =>
    node.node_id === gone.nodeId ? node : { ...node, status: "BUSY" },
  );
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Hello you");
  expect(network.coordinator.authorized.map(({ node }) => node)).toEqual([
    gone.nodeId,
    network.workers[0]!.nodeId,
  ]);
});

test("an acknowledgement names the request that it repeats", async () => {
  await using network = await startTestNetwork(
    createFakeClock(),
    firstFails(failures["reports that its engine failed"]!),
  );
  await network.openai.chat.completions.create(question);
  const acknowledged = await network.settle();
  const [first, second] = acknowledged.toSorted((left) => ("retry_of" in left ? 1 : -1));
  expect(first).not.toHaveProperty("retry_of");
  expect(second).toMatchObject({ verdict: "ok", retry_of: `${first!.hold}.1` });
});

test("a failure that another node would answer the same is passed on", async () => {
  const tooLong = refuseInside(400, "context_length_exceeded");
  await using network = await startTestNetwork(createFakeClock(), [tooLong, tooLong]);
  await expect(network.openai.chat.completions.create(question)).rejects.toMatchObject({
    status: 400,
    code: "context_length_exceeded",
    message: expect.not.stringContaining("no") as string,
  });
  expect(network.workers.flatMap(({ requests }) => requests)).toHaveLength(1);
});

test("a ticket that is no longer honoured is replaced once, at the same node", async () => {
  let refusals = 0;
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      refusals += 1;
      return refusals === 1 ? exchange.refuse(401, "ticket_revoked") : sayHello(exchange);
    },
  ]);
  await network.openai.chat.completions.create(question);
  const { requests } = network.worker;
  expect(requests).toHaveLength(2);
  expect(new Set(requests.map(({ ticket }) => ticket)).size).toBe(2);
});

/** As only the node itself can say it. */
const refuseInside =
  (status: number, code: string): Script =>
  ({ frame, end }) => {
    frame("head", { status, headers: {} });
    const error = { message: "no", type: "", param: null, code };
    frame("body", { error, request_id: "r" }, true);
    end();
  };

test("a refusal in the open keeps the request from no other node, whatever it says", async () => {
  const said = ["context_length_exceeded", "insufficient_credits", "usage", "none", "path_lost"];
  for (const code of said) {
    const refuse: Script = (exchange) => exchange.refuse(402, code);
    await using network = await startTestNetwork(createFakeClock(), firstFails(refuse));
    const { choices } = await network.openai.chat.completions.create(question);
    expect(choices[0]!.message.content).toBe("Hello you");
    const [word] = await network.settle();
    expect(word).toMatchObject({
      verdict: "ok",
      retry_of: expect.stringMatching(/\.1$/) as string,
    });
  }
});

test("a number that was refused is used again, one that was admitted is not", async () => {
  const scripts = [refuseInside(503, "busy"), sayHello, sayHello];
  await using network = await startTestNetwork(
    createFakeClock(),
    [(exchange) => scripts.shift()!(exchange)],
    { queueWaitMs: 0 },
  );
  await expect(network.openai.chat.completions.create(question)).rejects.toThrow();
  await network.openai.chat.completions.create(question);
  await network.openai.chat.completions.create(question);
  expect(network.worker.requests.map(({ head }) => head.k)).toEqual([1, 1, 2]);
});

test("a number is not used again where the engine was asked, and nothing is charged for it", async () => {
  const scripts = [refuseInside(400, "context_length_exceeded"), sayHello];
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => scripts.shift()!(exchange),
  ]);
  const response = await post(network, "/v1/chat/completions", question);
  expect(response.status).toBe(400);
  expect(response.headers.has("x-should-retry")).toBe(false);
  expect(network.sidecar.status().tickets).toMatchObject([{ spent: "0.000000", running: 0 }]);
  await network.openai.chat.completions.create(question);
  expect(network.worker.requests.map(({ head }) => head.k)).toEqual([1, 2]);
});

test.each([
  ["insufficient_credits", 402],
  ["rate_limit_exceeded", 429],
] as const)("the coordinator's %s is the application's", async (code, status) => {
  await using network = await startTestNetwork(createFakeClock());
  network.coordinator.before = (call) => {
    if (call === "POST /authorize") throw new TroopError(code, undefined, { retryAfterMs: 30_000 });
  };
  await expect(network.openai.chat.completions.create(question)).rejects.toMatchObject({
    status,
    code,
  });
});

test("a model that nobody offers is 404 model_not_found", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const pending = network.openai.chat.completions.create({ ...question, model: "other" });
  await expect(pending).rejects.toMatchObject({ status: 404, code: "model_not_found" });
});

test("three nodes may fail a request, a fourth is not asked", () => {
  const search = createSearch();
  expect(search.afterFailure("engine_error", "a")).toBe("again");
  expect(search.afterFailure("node_unreachable", "b")).toBe("again");
  expect([...search.excluded()]).toEqual(["a", "b"]);
  expect(search.afterFailure("draining", "c")).toBe("give_up");
});

test("busy nodes may be asked again after a wait, failed ones may not", () => {
  const search = createSearch();
  search.afterFailure("engine_error", "a");
  expect(search.afterFailure("busy", "b")).toBe("again");
  expect(search.afterNobody()).toBe("wait");
  search.startRound();
  expect([...search.excluded()]).toEqual(["a"]);
  expect(search.afterNobody()).toBe("give_up");
});

test("a second bad ticket at the same node is the node's fault", () => {
  const search = createSearch();
  expect(search.afterFailure("invalid_ticket", "a")).toBe("again");
  expect(search.excluded().size).toBe(0);
  search.afterFailure("invalid_ticket", "a");
  expect([...search.excluded()]).toEqual(["a"]);
});

test("a failure that is not known to pass is final", () => {
  expect(remedyFor("unsupported_parameter")).toBe("final");
  expect(remedyFor("timeout")).toBe("final");
});
