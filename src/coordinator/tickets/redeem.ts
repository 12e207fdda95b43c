/** Takes in statements about tickets: the worker's receipts and closes, the client's acknowledgements. */
import { decodeProtectedHeader } from "jose";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import {
  acknowledgementBody,
  closeBody,
  receiptBody,
  type StatementOutcome,
} from "../../protocol/receipt.ts";
import { statementHash, type Verifier } from "../../protocol/signature.ts";
import { checkStatement, type Statement } from "../../protocol/statement.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface RedeemerOptions {
  ledger: Ledger;
  accounts: Pick<Accounts, "accountOf">;
  verifier: Verifier;
  clock: Clock;
  /** Known once the port is. */
  publicUrl: () => string;
}

export type Redeemer = ReturnType<typeof createRedeemer>;

export function createRedeemer({ ledger, accounts, verifier, clock, publicUrl }: RedeemerOptions) {
  const refusal = "invalid_signature";

  async function receipt(jws: string): Promise<StatementOutcome> {
    if (typeOf(jws) === "troop-close+jwt") return close(jws);
    const type = "troop-receipt+jwt";
    const statement = await checkStatement(verifier, jws, type, publicUrl(), receiptBody, refusal);
    checkAge(statement);
    const { signer, body } = statement;
    return ledger.receive(body, { id: statementHash(jws), signer, jws }, clock.now());
  }

  async function close(jws: string): Promise<StatementOutcome> {
    const type = "troop-close+jwt";
    const statement = await checkStatement(verifier, jws, type, publicUrl(), closeBody, refusal);
    checkAge(statement);
    return ledger.closeHold(statement.body, statement.signer, clock.now());
  }

  async function acknowledgement(jws: string): Promise<StatementOutcome> {
    const type = "troop-acknowledgement+jwt";
    const statement = await checkStatement(
      verifier,
      jws,
      type,
      publicUrl(),
      acknowledgementBody,
      refusal,
    );
    checkAge(statement);
    const { signer, body } = statement;
    const account = await accounts.accountOf(signer);
    if (!account) return { status: "refused", code: "hold_not_found" };
    const kept = { id: statementHash(jws), signer, jws };
    return ledger.acknowledge(body, kept, account, clock.now());
  }

  function checkAge({ signedAt }: Statement<unknown>): void {
    const age = clock.now() - signedAt;
    if (age > limits.receiptAgeMs || age < -limits.clockSkewMs) throw new TroopError("clock_skew");
  }

  return {
    /** One outcome per statement, in the order sent. One that is refused does not stop the others. */
    redeemReceipts: (statements: readonly string[], record?: RecordTaken) =>
      each(statements, receipt, record),
    redeemAcknowledgements: (statements: readonly string[], record?: RecordTaken) =>
      each(statements, acknowledgement, record),
  };
}

/** Told what was redeemed, before it is answered; also where the call fails at a later statement. */
type RecordTaken = (outcomes: readonly StatementOutcome[]) => Promise<void>;

async function each(
  statements: readonly string[],
  redeem: (jws: string) => Promise<StatementOutcome>,
  record?: RecordTaken,
): Promise<StatementOutcome[]> {
  const outcomes: StatementOutcome[] = [];
  try {
    for (const jws of statements) outcomes.push(await redeem(jws).catch(refusalOf));
  } finally {
    await record?.(outcomes);
  }
  return outcomes;
}

/** Only what is wrong with the statement itself is its outcome; anything else fails the call, which is then repeated. */
function refusalOf(error: unknown): StatementOutcome {
  if (
    error instanceof TroopError &&
    (error.code === "invalid_signature" ||
      error.code === "clock_skew" ||
      error.code === "account_revoked")
  )
    return { status: "refused", code: error.code };
  // Signed by a key that was revoked.
  if (error instanceof TroopError && error.code === "invalid_proof")
    return { status: "refused", code: "invalid_signature" };
  throw error;
}

function typeOf(jws: string): string | undefined {
  try {
    return decodeProtectedHeader(jws).typ;
  } catch {
    return undefined;
  }
}
