/** Tickets for clients that a test plays itself. */
import { decodeJwt } from "jose";
import { systemRandom } from "../../src/base/random.ts";
import type { CoordinatorClient } from "../../src/host/coordinator-client.ts";
import { type AuthorizeAnswer, authorizeAnswer } from "../../src/protocol/endpoints.ts";
import { createSecretTree } from "../../src/protocol/secrets.ts";
import type { Signer } from "../../src/protocol/signature.ts";
import type { TicketClaims } from "../../src/protocol/ticket.ts";
import type { TestTicket } from "./fake-engine/coordinator-stub.ts";

export interface BoughtTicket extends TestTicket {
  answer: AuthorizeAnswer;
}

/** @param node its id */
export async function buyTicket(
  calls: CoordinatorClient,
  account: Signer,
  node: string,
): Promise<BoughtTicket> {
  const tree = createSecretTree(systemRandom.bytes(32));
  const answer = await calls.call({
    ...{ method: "POST", path: "/authorize", signer: account, answer: authorizeAnswer },
    body: { id: systemRandom.uuid(), model: "test-model", anchor: tree.anchor, node },
  });
  const claims = decodeJwt<TicketClaims>(answer.ticket) as TicketClaims;
  return { token: answer.ticket, claims, tree, statement: answer.node.key_statement!, answer };
}
