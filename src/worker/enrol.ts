/** Binds this node to its owner's account: proven by the node's key, stated by the owner's. */
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import { enrolNodeAnswer } from "../protocol/endpoints.ts";
import type { Signer } from "../protocol/signature.ts";
import { createStatement, type Enrolment } from "../protocol/statement.ts";

/** @throws TroopError the coordinator's refusal, such as `node_limit`, `join_required`, `invalid_enrolment` */
export async function enrol(
  coordinator: CoordinatorClient,
  node: Signer,
  owner: Signer,
  signal: AbortSignal,
): Promise<void> {
  const body: Enrolment = { node: node.id, owner: owner.id };
  const now = coordinator.time.now();
  const enrolment = await createStatement(owner, "troop-enrolment+jwt", coordinator.url, now, body);
  await coordinator.call({
    method: "POST",
    path: "/nodes",
    body: { enrolment },
    answer: enrolNodeAnswer,
    signer: node,
    signal,
  });
}
