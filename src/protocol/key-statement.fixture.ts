/** A node that can be sealed to, as tests need it: its keys, and its statement for any coordinator. */
import { systemRandom } from "../base/random.ts";
import { toBase64url } from "./bytes.ts";
import { generateHpkeKeyPair, type HpkeKeyPair } from "./hpke.ts";
import { createKeyStatement, hpkeKeyId } from "./key-statement.ts";
import { newKeyLife } from "./key-statement-rotation.ts";
import { limits } from "./limits.ts";
import type { Signer } from "./signature.ts";
import { createStatement } from "./statement.ts";

export interface TestSealingKey {
  readonly boot: string;
  readonly keys: ReadonlyMap<string, HpkeKeyPair>;
  /** @param now coordinator time, ms */
  statement(audience: string, now: number): Promise<string>;
}

/** @param owner by default the node's own key */
export function makeSealingKey(node: Signer, owner: Signer = node): TestSealingKey {
  const pair = generateHpkeKeyPair(systemRandom);
  const kid = hpkeKeyId(pair.publicKey);
  const boot = toBase64url(systemRandom.bytes(limits.bootBytes));
  return {
    boot,
    keys: new Map([[kid, pair]]),
    async statement(audience, now) {
      const body = { node: node.id, owner: owner.id };
      const enrolment = await createStatement(owner, "troop-enrolment+jwt", audience, now, body);
      const key = { publicKey: pair.publicKey, kid, boot, ...newKeyLife(now) };
      return createKeyStatement({ node, audience, now, key, enrolment });
    },
  };
}
