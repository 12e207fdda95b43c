/** What an attacker tries against the running network: one code each, and nothing moves in the books. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemRandom } from "../src/base/random.ts";
import { type AuthorizeAnswer, authorizeAnswer } from "../src/protocol/endpoints.ts";
import { createProof } from "../src/protocol/proof.ts";
import { type Line, statementsAnswer } from "../src/protocol/receipt.ts";
import { someHashes } from "../src/protocol/receipt.fixture.ts";
import { createSecretTree } from "../src/protocol/secrets.ts";
import { createStatement } from "../src/protocol/statement.ts";
import type { TicketClaims } from "../src/protocol/ticket.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import type { TestTicket } from "./support/fake-engine/coordinator-stub.ts";
import { ask, chatBody } from "./support/fake-engine/infer-client.ts";

const model = "test-model";
let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const newTree = () => createSecretTree(systemRandom.bytes(32));

async function buyTicket(): Promise<TestTicket & { answer: AuthorizeAnswer }> {
  const tree = newTree();
  const body = { id: systemRandom.uuid(), model, anchor: tree.anchor, node: network.node.id };
  const signer = network.requester;
  const call = {
    method: "POST",
    path: "/authorize",
    body,
    signer,
    answer: authorizeAnswer,
  } as const;
  const answer = await network.calls.call(call);
  const claims = decodeJwt<TicketClaims>(answer.ticket) as TicketClaims;
  const statement = answer.node.key_statement!;
  return { token: answer.ticket, claims, tree, statement, answer };
}

describe("at the worker", () => {
  const refusals: [name: string, code: string, attack: () => Promise<string | undefined>][] = [
    [
      "a request that was made before",
      "request_replayed",
      async () => {
        const ticket = await buyTicket();
        expect((await ask({ url: network.worker.url, ticket })).status).toBe(200);
        return (await ask({ url: network.worker.url, ticket })).code;
      },
    ],
    [
      "a ticket for another model",
      "wrong_model",
      async () => {
        const ticket = await buyTicket();
        const body = chatBody({ model: "another" });
        return (await ask({ url: network.worker.url, ticket, body })).code;
      },
    ],
    [
      "a ticket that was copied without its secrets",
      "request_unproven",
      async () => {
        const ticket = { ...(await buyTicket()), tree: newTree() };
        return (await ask({ url: network.worker.url, ticket })).code;
      },
    ],
    [
      "a ticket whose budget was altered",
      "invalid_ticket",
      async () => {
        const ticket = await buyTicket();
        const [header, payload, signature] = ticket.token.split(".");
        const claims = JSON.parse(Buffer.from(payload!, "base64url").toString()) as object;
        const altered = { ...claims, budget: "999.000000" };
        const text = Buffer.from(JSON.stringify(altered)).toString("base64url");
        const token = [header, text, signature].join(".");
        return (await ask({ url: network.worker.url, ticket: { ...ticket, token } })).code;
      },
    ],
  ];
  test.each(refusals)("%s is refused with %s", async (_name, code, attack) => {
    expect(await attack()).toBe(code);
  });

  test("a ticket for another node of the same network is refused with wrong_audience", async () => {
    const ticket = await buyTicket();
    const { worker, node } = await network.addWorker(network.provider);
    expect(ticket.claims.aud).toBe(network.node.id);
    expect(node.id).not.toBe(network.node.id);
    expect((await ask({ url: worker.url, ticket })).code).toBe("wrong_audience");
  });
});

describe("at the coordinator", () => {
  const post = async (dpop: string | undefined, body: string) => {
    const answer = await network.coordinator.inject({
      method: "POST",
      url: "/authorize",
      headers: { "content-type": "application/json", ...(dpop ? { dpop } : {}) },
      payload: body,
    });
    return answer.json<{ error?: { code: string } }>().error?.code;
  };
  const bodyOf = () => JSON.stringify({ id: systemRandom.uuid(), model, anchor: newTree().anchor });
  const proofOf = (url: string, body: string, signer = network.requester) =>
    createProof(signer, systemRandom, network.clock.now(), { method: "POST", url, body });

  test.each([
    ["no proof at all", "missing_proof", async (body: string) => post(undefined, body)],
    [
      "a proof of another body",
      "body_hash_mismatch",
      async (body: string) =>
        post(await proofOf(`${network.coordinator.url}/authorize`, bodyOf()), body),
    ],
    [
      "a proof for another URL",
      "invalid_proof",
      async (body: string) => post(await proofOf("https://evil.example/authorize", body), body),
    ],
    [
      "a proof whose key was swapped for somebody else's",
      "invalid_proof",
      async (body: string) => {
        const proof = await proofOf(`${network.coordinator.url}/authorize`, body);
        const [header, ...rest] = proof.split(".");
        const parsed = JSON.parse(Buffer.from(header!, "base64url").toString()) as object;
        const swapped = { ...parsed, jwk: (await makeSigner()).jwk };
        const text = Buffer.from(JSON.stringify(swapped)).toString("base64url");
        return post([text, ...rest].join("."), body);
      },
    ],
  ])("%s is refused with %s", async (_name, code, attack) => {
    expect(await attack(bodyOf())).toBe(code);
  });

  test("a line for a request that was never made is refused, and moves nothing", async () => {
    const { answer, tree } = await buyTicket();
    const before = await network.posted(network.provider);
    const stolen = newTree().reveal(1);
    const line: Line = {
      ...{ k: stolen.k, x: stolen.x, path: stolen.path },
      ...{ started: network.clock.now(), ended: network.clock.now() + 60_000, billed_ms: 60_000 },
      ...{ first_token_ms: 10, prompt_tokens: 1_000, completion_tokens: 1_000, estimated: false },
      ...{ finish: "stop", cost: "3.000000", ...someHashes },
    };
    const post = async (signer: typeof network.node, claimed: Line) => {
      const body = { hold: answer.hold, lines: [claimed] };
      const url = network.coordinator.url;
      const now = network.calls.time.now();
      const jws = await createStatement(signer, "troop-receipt+jwt", url, now, body);
      return network.calls.call({
        ...{ method: "POST", path: "/receipts", body: { statements: [jws] } },
        answer: statementsAnswer,
      });
    };
    const unproven = await post(network.node, line);
    expect(unproven.outcomes[0]).toMatchObject({ lines: [{ k: 1, outcome: "request_unproven" }] });
    // Even with a secret that was revealed, only the node of the hold may bill it.
    const revealed = tree.reveal(1);
    const forged = await post(await makeSigner(), { ...line, x: revealed.x, path: revealed.path });
    expect(forged.outcomes[0]).toMatchObject({ status: "refused" });
    expect(await network.posted(network.provider)).toBe(before);
    expect(await network.coordinator.auditLedger()).toEqual([]);
  });
});

// Last, because the leases of this network do not outlive such a leap.
test("a ticket that has expired is refused with ticket_expired", async () => {
  const ticket = await buyTicket();
  await network.clock.advance(300_000);
  expect((await ask({ url: network.worker.url, ticket })).code).toBe("ticket_expired");
});
