/** What a cap refuses, in every dialect, and what it lets through. */
import { expect, test } from "vitest";
import { openSocket } from "../fixtures/web-socket.fixture.ts";
import { post } from "../fixtures/sidecar.fixture.ts";
import { type StubExchange, sayHello } from "../fixtures/stub-worker.fixture.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { cost, question, reserve, startCapped } from "./capped.fixture.ts";

const minute = 60_000;
const hour = 60 * minute;
/** Room for one request at a time, and for two in all. */
const hourly = reserve + cost;
const nothing = { caps: { hourly: 0n } };

test("a request beyond the hour's cap is refused before anybody is asked, and says when it would not be", async () => {
  await using network = await startCapped({ caps: { hourly } });
  expect((await network.ask()).status).toBe(200);
  expect((await network.ask()).status).toBe(200);
  const { calls } = network.coordinator;
  const before = [...calls];
  const refused = await network.ask();
  expect(refused.status).toBe(402);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(refused.headers.get("retry-after")).toBe(String((hour + minute) / 1_000));
  expect(JSON.parse(refused.text)).toMatchObject({
    error: {
      ...{ code: "spending_cap", param: null },
      message:
        "The cap is 0.13 credits an hour: 0.02 are spent, and 0.12 would be set aside for this request. " +
        "There is room in 61 min.",
    },
  });
  expect(network.worker.requests).toHaveLength(2);
  expect(calls).toEqual(before);
});

test("when the hour has passed it is served again, and the day's cap counts on", async () => {
  await using network = await startCapped({ caps: { hourly, daily: 2n * cost + reserve } });
  await network.ask();
  await network.ask();
  expect((await network.ask()).status).toBe(402);
  network.clock.shiftWall(hour + minute - 1);
  expect((await network.ask()).status).toBe(402);
  network.clock.shiftWall(1);
  expect((await network.ask()).status).toBe(200);
  const refused = await network.ask();
  expect([refused.status, refused.text]).toEqual([402, expect.stringContaining("a day")]);
  network.clock.shiftWall(24 * hour + minute);
  expect((await network.ask()).status).toBe(200);
});

test("a restart forgets nothing, nor does a kill: what was running then counts with the most", async () => {
  await using first = await startCapped({ caps: { hourly } });
  await first.ask();
  await first.ask();
  const { folder, clock } = first;
  await first.sidecar[Symbol.asyncDispose]();
  {
    await using second = await startCapped({ caps: { hourly } }, undefined, { folder, clock });
    expect((await second.ask()).status).toBe(402);
    expect(second.sidecar.status().spending.hour.spent).toBe("0.020000");
  }
  {
    using database = openLocalDatabase(folder, "client.sqlite");
    database.sqlite.exec("update spending set is_running = 1; delete from spending_minute");
  }
  clock.shiftWall(minute);
  await using third = await startCapped({ caps: { hourly } }, undefined, { folder, clock });
  // Of each at most as many tokens as its body has bytes, and ten.
  const bytes = Buffer.byteLength(JSON.stringify(question));
  const { spent } = third.sidecar.status().spending.hour;
  expect(spent).toBe(`${((2 * (bytes + 10)) / 100).toFixed(2)}0000`);
});

test("of many at once only those run that fit, and none is refused for good", async () => {
  const [gate, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const arrived: StubExchange[] = [];
  await using network = await startCapped({ caps: { daily: 2n * reserve } }, async (exchange) => {
    arrived.push(exchange);
    if (arrived.length === 2) two.resolve();
    await gate.promise;
    await sayHello(exchange);
  });
  const asked = Array.from({ length: 8 }, () => network.ask());
  await two.promise;
  const status = network.sidecar.status().spending;
  expect(status).toMatchObject({ running: "0.240000", day: { left: "0.000000" } });
  const late = await network.ask();
  expect([late.status, late.headers.get("retry-after")]).toEqual([402, "10"]);
  expect(late.text).toContain("when those are done");
  gate.resolve();
  const statuses = (await Promise.all(asked)).map(({ status: code }) => code);
  expect(statuses.toSorted((left, right) => left - right)).toEqual([
    200,
    200,
    ...Array<number>(6).fill(402),
  ]);
  expect(network.sidecar.status().spending).toMatchObject({
    ...{ running: "0.000000", day: { spent: "0.020000" } },
  });
  expect((await network.ask()).status).toBe(200);
});

test("a stream is refused by its status, before it begins", async () => {
  await using network = await startCapped(nothing);
  const refused = await network.ask(undefined, { stream: true });
  expect(refused.status).toBe(402);
  expect(refused.headers.get("content-type")).toMatch(/^application\/json/);
});

test.each([
  ["/v1/responses", { input: "Hello?" }, { error: { code: "spending_cap", param: null } }],
  ["/v1/completions", { prompt: "Hello?" }, { error: { code: "spending_cap" } }],
  ["/v1/embeddings", { input: "Hello?" }, { error: { code: "spending_cap" } }],
  [
    "/v1/messages",
    { max_tokens: 10, messages: question.messages },
    { type: "error", error: { message: expect.stringContaining("0 credits an hour") as string } },
  ],
  ["/api/chat", { messages: question.messages }, { error: expect.any(String) as string }],
  ["/api/embed", { input: "Hello?" }, { error: expect.any(String) as string }],
])("%s is refused in its API's own words", async (path, body, refusal) => {
  await using network = await startCapped(nothing);
  const refused = await post(network, path, { model: "toy:1b", ...body });
  expect(refused.status).toBe(402);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(await refused.json()).toMatchObject(refusal);
  expect(network.worker.requests).toEqual([]);
});

test("so is a message of a WebSocket", async () => {
  await using network = await startCapped(nothing);
  using socket = await openSocket(network);
  socket.create({ model: "toy:1b", input: "Hello?" });
  expect(await socket.next()).toMatchObject({
    ...{ type: "error", status: 402, error: { code: "spending_cap" } },
  });
});

test("an answer whose line never came counts with the most that it may have cost", async () => {
  await using network = await startCapped({ caps: { daily: 10_000_000n } }, (exchange) => {
    exchange.open();
    exchange.text("Hello");
    exchange.die();
  });
  expect((await network.ask()).status).toBe(502);
  const { spent } = network.sidecar.status().spending.day;
  // A token for each byte that was sent and shown.
  const bytes = Buffer.byteLength(JSON.stringify(question) + "Hello");
  expect(spent).toBe(`${(bytes / 100).toFixed(2)}0000`);
});

test("what a node refused costs nothing, and takes up no room", async () => {
  await using network = await startCapped({ caps: { hourly: reserve } }, (exchange) =>
    exchange.refuse(503, "draining"),
  );
  expect((await network.ask()).status).toBe(503);
  expect(network.sidecar.status().spending).toMatchObject({
    ...{ running: "0.000000", day: { spent: "0.000000" } },
  });
  expect((await network.ask()).status).toBe(503);
});

test("one's own node, which costs nothing, is asked whatever was spent", async () => {
  await using network = await startCapped(nothing);
  const { account_id } = network.sidecar.status();
  const free = "0.000000000000";
  Object.assign(network.coordinator, {
    ...{ budget: "0.000000" },
    rate: { per_second: free, per_prompt_token: free, per_completion_token: free },
    nodes: network.coordinator.nodes.map((node) => ({ ...node, owner: account_id })),
  });
  network.worker.script = (exchange) => {
    exchange.open();
    exchange.text("Hello");
    exchange.line({ cost: "0.000000" });
    exchange.end();
  };
  expect((await network.ask()).status).toBe(200);
});

test("a list that calls a node cheaper than its ticket is no way around a cap", async () => {
  await using network = await startCapped({ caps: { hourly } });
  const { account_id } = network.sidecar.status();
  network.coordinator.nodes = network.coordinator.nodes.map((node) => ({
    ...{ ...node, owner: account_id },
  }));
  await network.ask();
  await network.ask();
  expect((await network.ask()).status).toBe(402);
  expect(network.worker.requests).toHaveLength(2);
});
