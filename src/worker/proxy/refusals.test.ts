/** Every way in which a request is refused before an engine hears of it: one code each. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestTicket } from "../../../test/support/fake-engine/coordinator-stub.ts";
import { startCoordinatorStub } from "../../../test/support/fake-engine/coordinator-stub.ts";
import {
  type AskOptions,
  chatBody,
  headOf,
  requestBytes,
} from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { frameOf } from "../../protocol/sealed-stream.fixture.ts";
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
    make: async ({ clock, worker, coordinator }) => {
      await using other = await startCoordinatorStub(clock);
      return { ticket: coordinator.resealed(await other.ticket({ aud: worker.nodeId })) };
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
    make: () => ({ frames: [frameOf("body", "{}")] }),
  },
  {
    ...{ name: "a head that is not JSON", code: "invalid_json", status: 400, plain: true },
    make: () => ({ frames: [frameOf("head", "{")] }),
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
    make: () => ({ bytes: Buffer.from([0x7f, 0, 0, 0]) }),
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
    make: async (network) => {
      const ticket = await network.ticket();
      const { x, path: proof } = ticket.tree.reveal(2);
      return { ticket, k: 3, head: { x, proof } };
    },
  },
  {
    ...{
      name: "another number outside than inside",
      code: "request_unproven",
      status: 401,
      plain: true,
    },
    make: () => ({ k: 2, head: { k: 4 } }),
  },
  {
    ...{ name: "a number beyond the tree", code: "invalid_value", status: 400, plain: true },
    make: () => ({ headers: { "troop-index": "257" } }),
  },
  {
    ...{ name: "no word on the sealing", code: "invalid_value", status: 400, plain: true },
    make: () => ({ headers: { "troop-enc": undefined } }),
  },
  {
    ...{ name: "a line frame in the body", code: "invalid_value", status: 400, plain: false },
    make: async (network) => {
      const ticket = await network.ticket();
      return { ticket, frames: [headOf({ ticket }), frameOf("line", "{}")] };
    },
  },
  {
    ...{ name: "a body that is not JSON", code: "invalid_json", status: 400, plain: false },
    make: async (network) => {
      const ticket = await network.ticket();
      return { ticket, frames: [headOf({ ticket }), frameOf("body", "{]")] };
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
    ...{ name: "more than a hundred headers", code: "headers_too_large", status: 431, plain: true },
    make: () => ({
      headers: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, "a"])),
    }),
  },
  {
    ...{ name: "a field named twice", code: "duplicate_key", status: 400, plain: false },
    make: () => ({ body: `{"model":"test-model","model":"test-model","messages":[]}` }),
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
