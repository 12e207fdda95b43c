/** Admission: one code per refusal, in the order of the protocol, and what a refusal leaves behind. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestTicket } from "../../../test/support/fake-engine/coordinator-stub.ts";
import { startCoordinatorStub } from "../../../test/support/fake-engine/coordinator-stub.ts";
import { gatedText } from "../../../test/support/fake-engine/script.ts";
import {
  type AskOptions,
  chatBody,
  openRequest,
  readReply,
  requestBytes,
} from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { sealFrame } from "../../protocol/sealed-stream.ts";
import { limits } from "../../protocol/limits.ts";

type Asked = Omit<AskOptions, "url" | "ticket"> & { ticket?: TestTicket };
interface Refusal {
  name: string;
  code: string;
  status: number;
  /** Refused before it was opened, as a plain HTTP error. */
  plain: boolean;
  make: (network: TestWorker) => Asked | Promise<Asked>;
}

const bytesOf = (...bytes: Uint8Array[]) => ({ bytes: Buffer.concat(bytes) });
/** A request's head frame alone. */
const headBytes = (options: AskOptions) => {
  const whole = requestBytes(options);
  return whole.subarray(0, 4 + whole.readUInt32BE(0));
};
const otherId = "A".repeat(43);
const tamper = (token: string) => {
  const [header, , signature] = token.split(".");
  const claims = Buffer.from(token.split(".")[1]!, "base64url").toString();
  const richer = claims.replace(`"budget":"10.000000"`, `"budget":"99.000000"`);
  expect(richer).not.toBe(claims);
  return `${header}.${Buffer.from(richer).toString("base64url")}.${signature}`;
};

const refusals: Refusal[] = [
  {
    ...{ name: "no ticket", code: "missing_ticket", status: 401, plain: true },
    make: () => ({ headers: { authorization: undefined } }),
  },
  {
    ...{ name: "another scheme", code: "missing_ticket", status: 401, plain: true },
    make: () => ({ headers: { authorization: "Basic dGVzdA==" } }),
  },
  {
    ...{ name: "another media type", code: "unsupported_media_type", status: 415, plain: true },
    make: () => ({ headers: { "content-type": "application/json" } }),
  },
  {
    ...{ name: "no index", code: "invalid_value", status: 400, plain: true },
    make: () => ({ headers: { "troop-index": undefined } }),
  },
  {
    ...{ name: "an attempt that is too short", code: "invalid_value", status: 400, plain: true },
    make: () => ({ headers: { "troop-attempt": "AAAA" } }),
  },
  {
    ...{ name: "text that is no ticket", code: "invalid_ticket", status: 401, plain: true },
    make: () => ({ headers: { authorization: "Bearer aaa.bbb.ccc" } }),
  },
  {
    ...{ name: "an altered ticket", code: "invalid_ticket", status: 401, plain: true },
    make: async (network) => {
      const { token } = await network.ticket();
      return { headers: { authorization: `Bearer ${tamper(token)}` } };
    },
  },
  {
    ...{
      name: "a ticket signed by somebody else",
      code: "invalid_ticket",
      status: 401,
      plain: true,
    },
    make: async ({ clock, worker }) => {
      await using other = await startCoordinatorStub(clock);
      return { ticket: await other.ticket({ aud: worker.nodeId }) };
    },
  },
  {
    ...{
      name: "a ticket of another coordinator",
      code: "invalid_ticket",
      status: 401,
      plain: true,
    },
    make: async (network) => ({ ticket: await network.ticket({ iss: "https://other.example" }) }),
  },
  {
    ...{ name: "a ticket that lives too long", code: "invalid_ticket", status: 401, plain: true },
    make: async (network) => {
      const iat = Math.floor(network.clock.now() / 1_000);
      return { ticket: await network.ticket({ iat, exp: iat + 301 }) };
    },
  },
  {
    ...{ name: "a ticket for another node", code: "wrong_audience", status: 403, plain: true },
    make: async (network) => ({
      ticket: await network.ticket({ aud: otherId, target_node: otherId }),
    }),
  },
  {
    ...{ name: "a ticket naming two nodes", code: "wrong_audience", status: 403, plain: true },
    make: async (network) => ({ ticket: await network.ticket({ target_node: otherId }) }),
  },
  {
    ...{ name: "an expired ticket", code: "ticket_expired", status: 401, plain: true },
    make: async (network) => {
      const exp = Math.floor(network.clock.now() / 1_000);
      return { ticket: await network.ticket({ iat: exp - 300, nbf: exp - 300, exp }) };
    },
  },
  {
    ...{ name: "a ticket not valid yet", code: "ticket_expired", status: 401, plain: true },
    make: async (network) => {
      const iat = Math.floor(network.clock.now() / 1_000) + 31;
      return { ticket: await network.ticket({ iat, nbf: iat, exp: iat + 300 }) };
    },
  },
  {
    ...{ name: "no budget", code: "budget_exhausted", status: 402, plain: true },
    make: async (network) => ({ ticket: await network.ticket({ budget: "0.000000" }) }),
  },
  {
    ...{ name: "a body frame first", code: "invalid_value", status: 400, plain: true },
    make: () => bytesOf(sealFrame({ type: "body", bytes: Buffer.from("{}") })),
  },
  {
    ...{ name: "a head that is not JSON", code: "invalid_json", status: 400, plain: true },
    make: () => bytesOf(sealFrame({ type: "head", bytes: Buffer.from("{") })),
  },
  {
    ...{ name: "a head naming another path", code: "invalid_value", status: 400, plain: true },
    make: () => ({ head: { path: "/etc/passwd" } }),
  },
  {
    ...{ name: "a head that is too large", code: "request_too_large", status: 413, plain: true },
    make: () => ({ head: { x: "x".repeat(limits.headFrameBytes) } }),
  },
  {
    ...{ name: "a frame that is too large", code: "request_too_large", status: 413, plain: true },
    make: () => bytesOf(Buffer.from([0x7f, 0, 0, 0])),
  },
  {
    ...{
      name: "a copied ticket, a guessed secret",
      code: "request_unproven",
      status: 401,
      plain: true,
    },
    make: () => ({ head: { x: Buffer.alloc(32, 7).toString("base64url") } }),
  },
  {
    ...{ name: "a secret of another number", code: "request_unproven", status: 401, plain: true },
    make: () => ({ k: 2, head: { k: 3 }, headers: { "troop-index": "3" } }),
  },
  {
    ...{
      name: "another number outside than inside",
      code: "request_unproven",
      status: 401,
      plain: true,
    },
    make: () => ({ k: 2, headers: { "troop-index": "4" } }),
  },
  {
    ...{ name: "a number beyond the tree", code: "request_unproven", status: 401, plain: true },
    make: () => ({ head: { k: 257 }, headers: { "troop-index": "257" } }),
  },
  {
    ...{ name: "a line frame in the body", code: "invalid_value", status: 400, plain: false },
    make: async (network) => {
      const ticket = await network.ticket();
      return {
        ticket,
        ...bytesOf(
          headBytes({ url: "", ticket }),
          sealFrame({ type: "line", bytes: Buffer.from("{}") }),
        ),
      };
    },
  },
  {
    ...{ name: "a body that is not JSON", code: "invalid_json", status: 400, plain: false },
    make: async (network) => {
      const ticket = await network.ticket();
      return {
        ticket,
        ...bytesOf(
          headBytes({ url: "", ticket }),
          sealFrame({ type: "body", bytes: Buffer.from("{]") }),
        ),
      };
    },
  },
  {
    ...{ name: "a request cut within a frame", code: "invalid_value", status: 400, plain: false },
    make: async (network) => {
      const ticket = await network.ticket();
      return { ticket, bytes: requestBytes({ url: "", ticket }).subarray(0, -1) };
    },
  },
  {
    ...{ name: "a field out of bounds", code: "invalid_value", status: 400, plain: false },
    make: () => ({ body: chatBody({ temperature: 99 }) }),
  },
  {
    ...{ name: "another model than the ticket's", code: "wrong_model", status: 403, plain: false },
    make: () => ({ body: chatBody({ model: "other-model" }) }),
  },
  {
    ...{ name: "a model nobody offers any more", code: "engine_error", status: 502, plain: false },
    make: async (network) => ({ ticket: await network.ticket({ model: "gone" }) }),
  },
];

describe("a request is refused", () => {
  let network: TestWorker;
  beforeAll(async () => {
    network = await startTestWorker();
  });
  afterAll(() => network[Symbol.asyncDispose]());

  test.each(refusals)("$code: $name", async ({ code, status, plain, make }) => {
    const made = await make(network);
    const ticket = made.ticket ?? (await network.ticket());
    const reply = await network.ask({ ...made, ticket });
    expect(reply).toMatchObject({ code, status, outerStatus: plain ? status : 200 });
    expect(reply.line).toBeUndefined();
  });

  test("and no refusal reached the engine or the books", async () => {
    expect(network.engine.requests.all).toEqual([]);
    expect(network.worker.pending()).toBe(0);
  });
});

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
  expect(await network.ask({ ticket, k: 5 })).toMatchObject(replayed);
  expect((await network.ask({ ticket, k: 4 })).line).toMatchObject({ k: 4 });
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
  const codes: (string | undefined)[] = [];
  for (const [index, model] of ["other", "test-model", "other", "test-model"].entries()) {
    const reply = await network.ask({ ticket, k: index + 1, body: chatBody({ messages, model }) });
    codes.push(reply.code);
  }
  // Together they are more than may be on their way at once.
  expect(codes).toEqual(["wrong_model", undefined, "wrong_model", undefined]);
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
