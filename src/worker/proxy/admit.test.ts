/** Admission: what is looked at anew for each request, what a refusal leaves behind, and how long anybody waits. */
import { expect, test } from "vitest";
import { gatedText } from "../../../test/support/fake-engine/script.ts";
import {
  chatBody,
  openRequest,
  readReply,
  requestBytes,
  headBytes,
} from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { limits } from "../../protocol/limits.ts";
import { readOwnerSettings } from "../idle/config.ts";

test("a ticket for another model is refused where its digest contradicts the engine's", async () => {
  const model = {
    ...{ name: "test-model", digest: "sha256:aaaa", loaded: true },
    capabilities: ["chat" as const],
  };
  await using network = await startTestWorker({ models: [model] });
  const other = await network.ticket({ model_digest: "sha256:bbbb" });
  expect(await network.ask({ ticket: other })).toMatchObject({ code: "wrong_model" });
  const same = await network.ticket({ model_digest: "sha256:aaaa" });
  expect(await network.ask({ ticket: same })).toMatchObject({ status: 200 });
});

test("a number serves once; a replay is refused, also after a restart", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  expect((await network.ask({ ticket, k: 5 })).line).toMatchObject({ k: 5 });
  const replayed = { code: "request_replayed", status: 409, outerStatus: 409 };
  expect(await network.ask({ ticket, k: 5 })).toMatchObject(replayed);
  await network.restart();
  const same = network.coordinator.resealed(ticket);
  expect(await network.ask({ ticket: same, k: 5 })).toMatchObject(replayed);
  expect((await network.ask({ ticket: same, k: 4 })).line).toMatchObject({ k: 4 });
});

test("what was sealed to a run of the worker does not open in the next, which states its new key", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  await network.restart();
  const reply = await network.ask({ ticket });
  expect(reply).toMatchObject({ code: "session_unknown", status: 409, outerStatus: 409 });
  const { statement } = network.coordinator.resealed(ticket);
  expect(statement).not.toBe(ticket.statement);
  expect(reply.text).toContain(statement);
  expect((await network.ask({ ticket: { ...ticket, statement } })).status).toBe(200);
});

test("of two requests with one number at once, one is served", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const replies = await Promise.all([network.ask({ ticket }), network.ask({ ticket })]);
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 409]));
});

test("a refused number may be used again", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const wrong = await network.ask({ ticket, k: 9, body: chatBody({ model: "other" }) });
  expect(wrong.code).toBe("wrong_model");
  expect((await network.ask({ ticket, k: 9 })).line).toMatchObject({ k: 9, finish: "stop" });
});

test("a ticket that was good is refused once it has expired", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  expect((await network.ask({ ticket, k: 1 })).status).toBe(200);
  await network.clock.advance(300_000);
  expect(await network.ask({ ticket, k: 2 })).toMatchObject({ code: "ticket_expired" });
});

test("a hold in the last heartbeat's list is refused", async () => {
  await using network = await startTestWorker();
  const { coordinator } = network;
  await coordinator.beats.next();
  const ticket = await network.ticket();
  expect((await network.ask({ ticket, k: 1 })).status).toBe(200);
  coordinator.answer = { ...coordinator.answer, revoked: [ticket.claims.jti] };
  await network.until(coordinator.beats.next());
  await expect.poll(async () => (await network.ask({ ticket, k: 2 })).code).toBe("ticket_revoked");
});

test("without a free slot the body is not read: busy, with a time to wait", async () => {
  await using network = await startTestWorker({ slots: 1, script: gatedText("a") });
  const ticket = await network.ticket();
  const first = network.start({ ticket, k: 1 });
  await network.engine.requests.next();

  const second = openRequest({ url: network.worker.url, ticket, k: 2 });
  second.request.write(headBytes({ url: "", ticket, k: 2 }));
  const refused = await readReply(await second.response);
  expect(refused).toMatchObject({ code: "busy", status: 503, outerStatus: 200 });
  expect(refused.headers["retry-after"]).toBe("1");
  second.request.destroy();

  network.engine.next();
  network.engine.next();
  expect((await readReply(await first.response)).line).toMatchObject({ finish: "stop" });
  // Its number was given back, and the slot is free again.
  const third = network.ask({ ticket, k: 2 });
  network.engine.next();
  network.engine.next();
  expect((await third).line).toMatchObject({ k: 2 });
});

test("a paused worker refuses, a resumed one serves, a draining one refuses for good", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  network.worker.pause();
  expect(await network.ask({ ticket })).toMatchObject({ code: "owner_busy", status: 503 });
  network.worker.resume();
  expect((await network.ask({ ticket, k: 1 })).status).toBe(200);
  await network.worker.drain();
  network.worker.resume();
  expect(await network.ask({ ticket, k: 2 })).toMatchObject({ code: "draining", status: 503 });
});

test("a request whose body is whole only after the owner's return does not run, and its number is free", async () => {
  await using network = await startTestWorker({
    config: { idle: readOwnerSettings({ OWNER_YIELD: "finish" }) },
  });
  const { worker, engine } = network;
  const ticket = await network.ticket();
  const { request, response } = openRequest({ url: worker.url, ticket });
  const bytes = requestBytes({ url: worker.url, ticket });
  request.write(bytes.subarray(0, -1));
  await expect.poll(() => worker.status().slots.active).toBe(1);
  worker.pause();
  request.end(bytes.subarray(-1));
  expect(await readReply(await response)).toMatchObject({ code: "owner_busy", status: 503 });
  expect(engine.requests.all).toEqual([]);
  worker.resume();
  expect(worker.status().slots.active).toBe(0);
  expect((await network.ask({ ticket, k: 1 })).status).toBe(200);
});

test("a head that does not come within two seconds is refused", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  // Once verified, the ticket is looked up, so that the wait for the head begins at once.
  await network.ask({ ticket, k: 1 });
  const { request, response } = openRequest({ url: network.worker.url, ticket, k: 2 });
  request.write(Buffer.from([0, 0]));
  const reply = network.until(response.then(readReply), 500);
  expect(await reply).toMatchObject({ code: "request_timeout", status: 408, outerStatus: 408 });
  request.destroy();
});

test("a body that is not whole within thirty seconds is refused, and its number given back", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const whole = requestBytes({ url: "", ticket });
  const { request, response } = openRequest({ url: network.worker.url, ticket });
  request.write(whole.subarray(0, -100));
  const reply = network.until(response.then(readReply), 5_000);
  expect(await reply).toMatchObject({ code: "request_timeout", status: 408, outerStatus: 200 });
  request.destroy();
  expect((await network.ask({ ticket: await network.ticket() })).status).toBe(200);
  expect(network.worker.status().slots.active).toBe(0);
});

test("a body of more than 20 MiB is refused", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const content = "x".repeat(limits.inferenceBodyBytes);
  const reply = await network.ask({
    ticket,
    body: chatBody({ messages: [{ role: "user", content }] }),
  });
  expect(reply).toMatchObject({ code: "request_too_large", status: 413, outerStatus: 200 });
});

test("bodies leave room for others once they are refused or answered", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const messages = [{ role: "user", content: "x".repeat(limits.inferenceBodyBytes - 1_024) }];
  const [good, bad] = ["test-model", "other"];
  const models = [good, good, good, bad, bad, bad, good];
  const codes: (string | undefined)[] = [];
  for (const [index, model] of models.entries()) {
    const reply = await network.ask({ ticket, k: index + 1, body: chatBody({ messages, model }) });
    codes.push(reply.code);
  }
  // Three of either kind and the last are more than may be on their way at once.
  expect(codes).toEqual(models.map((model) => (model === bad ? "wrong_model" : undefined)));
});

test("keys that changed are fetched when a heartbeat says so, not when a ticket asks", async () => {
  await using network = await startTestWorker();
  const { coordinator } = network;
  await coordinator.beats.next();
  const old = await network.ticket();
  expect((await network.ask({ ticket: old, k: 1 })).status).toBe(200);
  await coordinator.rotateKeys();
  const fresh = await network.ticket();
  expect(await network.ask({ ticket: fresh, k: 1 })).toMatchObject({ code: "invalid_ticket" });
  await network.until(coordinator.beats.next());
  await expect.poll(async () => (await network.ask({ ticket: fresh, k: 1 })).status).toBe(200);
  // The stub publishes the new key only: what the old one signed is no longer taken.
  expect(await network.ask({ ticket: old, k: 2 })).toMatchObject({ code: "invalid_ticket" });
});
