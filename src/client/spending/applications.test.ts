/** Applications that have keys of their own: known by name, and capped each for itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSocket, refusedUpgrade } from "../fixtures/web-socket.fixture.ts";
import { post } from "../fixtures/sidecar.fixture.ts";
import { cost, question, reserve, startCapped } from "./capped.fixture.ts";
import { addKey, removeKey } from "./keys.fixture.ts";

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

test("each key has its own cap, and what it spends counts for all", async () => {
  const caps = { caps: { hourly: 3n * cost + reserve } };
  await using network = await startCapped(caps);
  const editor = addKey(network.folder, "editor", { hourly: reserve });
  const notes = addKey(network.folder, "notes", { daily: cost + reserve });
  const statuses = async (...keys: (string | undefined)[]) => {
    const codes = [];
    for (const key of keys) codes.push((await network.ask(key)).status);
    return codes;
  };
  expect(await statuses(editor, editor, notes, notes, notes)).toEqual([200, 402, 200, 200, 402]);
  const refused = await network.ask(editor);
  expect(refused.text).toContain('The cap of the key \\"editor\\" is 0.12 credits an hour');
  expect(await statuses("any", undefined)).toEqual([200, 402]);
  const { keys, models } = network.sidecar.status().spending;
  expect(keys).toEqual([
    { name: null, hour: spent("0.010000"), day: spent("0.010000") },
    {
      name: "editor",
      hour: { spent: "0.010000", cap: "0.120000", left: "0.110000" },
      day: spent("0.010000"),
    },
    {
      name: "notes",
      hour: spent("0.020000"),
      day: { spent: "0.020000", cap: "0.130000", left: "0.110000" },
    },
  ]);
  expect(models).toEqual([{ model: "toy:1b", hour: "0.040000", day: "0.040000" }]);
});

const spent = (amount: string) => ({ spent: amount, cap: null, left: null });

test("a key that nobody was given is counted to nobody in particular, and so is one that was removed", async () => {
  await using network = await startCapped({});
  const editor = addKey(network.folder, "editor", { hourly: 0n });
  expect((await network.ask(editor)).status).toBe(402);
  removeKey(network.folder, "editor");
  expect((await network.ask(editor)).status).toBe(200);
  expect((await network.ask(`troop-${"x".repeat(43)}`)).status).toBe(200);
  expect(network.sidecar.status().spending.keys).toMatchObject([
    { name: null, day: { spent: "0.020000" } },
  ]);
});

test("where a key is asked for one of these will do, until it is removed", async () => {
  await using network = await startCapped({ apiKey: "the owner's" });
  const editor = addKey(network.folder, "editor");
  expect((await network.ask("any")).status).toBe(401);
  expect((await network.ask(editor)).status).toBe(200);
  expect((await network.ask("the owner's")).status).toBe(200);
  using socket = await openSocket(network, bearer(editor));
  removeKey(network.folder, "editor");
  expect((await network.ask(editor)).status).toBe(401);
  expect(await refusedUpgrade(network, bearer(editor))).toMatchObject({ code: "invalid_api_key" });
  expect(socket.raw.readyState).toBe(socket.raw.OPEN);
});

test.each([
  ["/v1/chat/completions", question],
  ["/v1/chat/completions", { ...question, stream: true }],
  ["/v1/completions", { prompt: "Hello?" }],
  ["/v1/embeddings", { input: "Hello?" }],
  ["/v1/responses", { input: "Hello?" }],
  ["/v1/responses", { input: "Hello?", background: true }],
  ["/v1/messages", { max_tokens: 10, messages: question.messages }],
  ["/api/chat", { messages: question.messages }],
  ["/api/generate", { prompt: "Hello?" }],
  ["/api/embed", { input: "Hello?" }],
  ["/api/embeddings", { prompt: "Hello?" }],
])("%s heeds the caps of its key, sent as x-api-key: %o", async (path, body) => {
  await using network = await startCapped({});
  const editor = addKey(network.folder, "editor", { daily: 0n });
  const head = { "x-api-key": editor };
  const refused = await post(network, path, { model: "toy:1b", ...body }, head);
  const isBackground = "background" in body;
  expect(refused.status).toBe(isBackground ? 200 : 402);
  const { id } = (await refused.json()) as { id?: string };
  if (isBackground)
    await expect
      .poll(() => network.openai.responses.retrieve(id!), { interval: 5 })
      .toMatchObject({ status: "failed", error: { message: expect.stringContaining('"editor"') } });
  expect(network.worker.requests).toEqual([]);
});

test("so does a WebSocket, by the key that it was opened with", async () => {
  await using network = await startCapped({});
  const editor = addKey(network.folder, "editor", { daily: 0n });
  using capped = await openSocket(network, bearer(editor));
  capped.create({ model: "toy:1b", input: "Hello?" });
  expect(await capped.next()).toMatchObject({ type: "error", error: { code: "spending_cap" } });
  using free = await openSocket(network);
  free.create({ model: "toy:1b", input: "Hello?" });
  await free.until("response.completed");
});

test("the key itself is kept nowhere", async () => {
  await using network = await startCapped({});
  const editor = addKey(network.folder, "editor");
  await network.ask(editor);
  for (const file of ["client.sqlite", "client.sqlite-wal"])
    expect(readFileSync(join(network.folder, file)).includes(editor.slice(6))).toBe(false);
  expect(JSON.stringify(network.sidecar.status())).not.toContain(editor.slice(6));
});
