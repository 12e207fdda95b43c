/** Two holds at a time, with what honest parties would say of them. */
import { systemRandom } from "../../../src/base/random.ts";
import type { Ledger } from "../../../src/coordinator/ledger/ledger.ts";
import { nameUuid } from "../../../src/protocol/ids.ts";
import { lineHash, type Line } from "../../../src/protocol/receipt.ts";
import { someHashes } from "../../../src/protocol/receipt.fixture.ts";
import { createSecretTree, type SecretTree } from "../../../src/protocol/secrets.ts";
import type { RawKey } from "./keys.ts";
import type { Attacked, Draw } from "./payloads.ts";

/** The only numbers of a ticket that the client has shown. */
export const revealed = [1, 2, 3, 200];
const amount = 8_000_000n;
const hour = 3_600_000;

export interface HonestStatement {
  type: string;
  signer: RawKey;
  body: object;
  /** The same, a second later. */
  later: object;
}

export interface Victim extends Attacked {
  receipt(draw: Draw): HonestStatement;
  acknowledgement(draw: Draw): HonestStatement;
}

interface Parties {
  node: RawKey;
  payer: RawKey;
  payee: RawKey;
}

export function createVictims(ledger: Ledger, audience: string, { node, payer, payee }: Parties) {
  async function open(tree: SecretTree, now: number): Promise<string> {
    const id = nameUuid("hold", systemRandom.uuid());
    const opened = await ledger.openHold({
      ...{ id, account: payer.id, payee: payee.id, node: node.id, amount },
      ...{ model: "a-model", modelDigest: null, multiplier: 10_000, anchor: tree.anchor },
      rate: { perSecond: 10n ** 12n, perPromptToken: 10n ** 9n, perCompletionToken: 10n ** 10n },
      ...{ maxSeconds: 1_800, bodyHash: "body", openedAt: now },
      ...{ ticketExpiresAt: now + hour, expiresAt: now + hour },
    });
    if (opened.outcome === "insufficient") throw new Error("the payer has run dry");
    return id;
  }

  const lineOf = (tree: SecretTree, draw: Draw, now: number): Line => ({
    ...tree.reveal(revealed[draw(revealed.length)]!),
    ...{ started: now, ended: now + 5_000, billed_ms: 3_000, first_token_ms: 100 },
    ...{ prompt_tokens: 100, completion_tokens: 400, estimated: false, finish: "stop" },
    cost: "3.000000",
    ...someHashes,
  });

  return {
    async fresh(now: number): Promise<Victim> {
      const tree = createSecretTree(systemRandom.bytes(32));
      const otherTree = createSecretTree(systemRandom.bytes(32));
      const hold = await open(tree, now);
      const otherHold = await open(otherTree, now);
      const seconds = Math.floor(now / 1_000);
      const statement = (type: string, signer: RawKey, line: object): HonestStatement => {
        const body = { hold, aud: audience, iat: seconds, lines: [line] };
        return { type, signer, body, later: { ...body, iat: seconds + 1 } };
      };
      return {
        ...{ hold, otherHold, revealed, tree, otherTree },
        receipt: (draw) => statement("troop-receipt+jwt", node, lineOf(tree, draw, now)),
        acknowledgement(draw) {
          const line = lineOf(tree, draw, now);
          const figures = { billed_ms: 5_000, prompt_tokens: 200, completion_tokens: 500 };
          const word = { k: line.k, verdict: "ok", line_hash: lineHash(line), ...figures };
          return statement("troop-acknowledgement+jwt", payer, word);
        },
      };
    },
  };
}
