/** Receipts by shared key: each node's own key, and what it stands for. Off unless the operator asks for it. */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { formatCredits } from "../../protocol/credits.ts";
import type { SubmitAnswer, SubmitRequest } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { digestOf } from "../../protocol/bytes.ts";
import type { Nodes } from "../accounts/enrolment.ts";
import type { Ledger } from "../ledger/ledger.ts";

const keyBytes = 32;

/** RFC 5869 over SHA-256: who has one node's key can tell neither the secret nor another node's key. */
export const hmacKeyOf = (secret: string, node: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", `troop-hmac-receipt/1 ${node}`, keyBytes));

export interface HmacReceiver {
  /** What a node that enrols for such receipts is given, as hex; undefined where they are off. */
  keyFor(node: string): string | undefined;
  /**
   * @throws TroopError `not_found` where they are off, `invalid_signature`, `hold_not_found`, `request_unproven`,
   *   `receipt_conflict`
   */
  submit(request: SubmitRequest): Promise<SubmitAnswer>;
}

export interface HmacReceiverOptions {
  /** Undefined: off. */
  secret: string | undefined;
  nodes: Pick<Nodes, "now">;
  ledger: Pick<Ledger, "receiveHmac">;
  clock: Clock;
}

export function createHmacReceiver({
  secret,
  nodes,
  ledger,
  clock,
}: HmacReceiverOptions): HmacReceiver {
  return {
    keyFor: (node) => (secret === undefined ? undefined : hmacKeyOf(secret, node).toString("hex")),

    async submit(request) {
      if (secret === undefined) throw new TroopError("not_found");
      const { job_id: hold, node_id: node, duration_seconds: seconds, signature, proof } = request;
      const expected = createHmac("sha256", hmacKeyOf(secret, node))
        .update(`${hold}:${node}:${seconds}`)
        .digest();
      const isGenuine = timingSafeEqual(expected, Buffer.from(signature, "hex"));
      if (!isGenuine || !(await nodes.now(node))?.hmacReceipts)
        throw new TroopError("invalid_signature");
      const jws = JSON.stringify(request);
      const kept = { id: digestOf(jws), signer: node, jws };
      const receipt = { hold, node, seconds, proof };
      const { outcome, paid } = await ledger.receiveHmac(receipt, kept, clock.now());
      return { job_id: hold, outcome, paid: formatCredits(paid) };
    },
  };
}
