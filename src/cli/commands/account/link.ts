/**
 * `troop account link`: one account on several machines. On the new machine it names the account and gets a code,
 * signed by that machine's key; on a machine of the account it takes the code. Each side has then said its word.
 */
import { sleep } from "../../../base/clock.ts";
import type { CoordinatorClient } from "../../../host/coordinator-client.ts";
import { writeAccountId } from "../../../host/account-files.ts";
import { balanceAnswer, healthAnswer } from "../../../protocol/endpoints.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { thumbprintText } from "../../../protocol/ids.ts";
import { limits } from "../../../protocol/limits.ts";
import { verifier, type Signer } from "../../../protocol/signature.ts";
import { createStatement } from "../../../protocol/statement.ts";
import { accountSigner, type CommandContext, connectCoordinator } from "../../context.ts";
import { identityOf } from "../../identity.ts";
import { adviseRestart, linkKey, liveKeys, readKeys } from "./keys.ts";

export interface LinkFlags {
  /** An account id on the new machine, a code on one of the account's. */
  name: string;
  yes?: boolean;
  /** Commander's form of `--no-wait`. */
  wait?: boolean;
}

const lookEveryMs = 1_000;

export async function accountLink(context: CommandContext, flags: LinkFlags): Promise<void> {
  await using coordinator = connectCoordinator(context);
  if (thumbprintText.safeParse(flags.name).success) await askToJoin(context, coordinator, flags);
  else await admit(context, coordinator, flags);
}

/** The new machine. */
async function askToJoin(
  context: CommandContext,
  coordinator: CoordinatorClient,
  { name: accountId, wait }: LinkFlags,
): Promise<void> {
  const { output, clock, config, random, shutdown: signal } = context;
  const signer = await accountSigner(context);
  const isLinked = () => canAct(coordinator, accountId, signer, signal);
  if (!(await isLinked())) {
    await refuseOwnAccount(coordinator, accountId, signer, signal);
    const now = coordinator.time.now();
    const body = { account: accountId };
    const code = await createStatement(signer, "troop-link+jwt", coordinator.url, now, body);
    output.say(`On a machine of the account, run:\n\ntroop account link ${code}\n`);
    output.json({ account_id: accountId, key: signer.id, code, linked: false });
    if (wait === false) return;
    output.note("Waiting until that is done; the code is good for an hour.");
    const until = clock.monotonic() + limits.linkCodeMs;
    while (!(await isLinked())) {
      if (clock.monotonic() > until)
        throw new TroopError("invalid_link", "The code was not used in time.");
      await sleep(clock, lookEveryMs, signal);
      signal.throwIfAborted();
    }
  }
  writeAccountId(config.dataFolder, accountId, random);
  output.say(`Linked: this machine acts for account ${output.bold(accountId)}`);
  adviseRestart(context);
  output.json({ account_id: accountId, key: signer.id, linked: true });
}

/** True once the key acts for the account. */
async function canAct(
  coordinator: CoordinatorClient,
  accountId: string,
  signer: Signer,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await readKeys(coordinator, { accountId, signer }, signal);
    return true;
  } catch (error) {
    if (error instanceof TroopError && error.code === "not_owner") return false;
    throw error;
  }
}

/** A key with an account of its own cannot be linked: nobody could reach that account's credits any more. */
async function refuseOwnAccount(
  coordinator: CoordinatorClient,
  accountId: string,
  signer: Signer,
  signal: AbortSignal,
): Promise<void> {
  try {
    const path = `/users/${signer.id}/balance`;
    const answer = balanceAnswer;
    const call = { method: "GET", path, answer, signer, signal } as const;
    const { balance, account_id } = await coordinator.call(call);
    // The key was signed in since we looked.
    if (account_id === accountId) return;
    throw new TroopError(
      "key_in_use",
      `This machine's key already has an account, with ${balance} credits.`,
      { details: { run: "troop account link <account> --data <a new folder>" } },
    );
  } catch (error) {
    // Signed in while it was asked: the key was nobody's when the question came, and somebody's a moment later.
    const fine: readonly unknown[] = ["account_unknown", "not_owner"];
    if (!(error instanceof TroopError) || !fine.includes(error.code)) throw error;
  }
}

/** A machine of the account. */
async function admit(
  context: CommandContext,
  coordinator: CoordinatorClient,
  flags: LinkFlags,
): Promise<void> {
  const { output, questions, shutdown: signal } = context;
  const { id: key } = await verifier.verify(flags.name, "troop-link+jwt", "invalid_link");
  const identity = await identityOf(context);
  // The coordinator's time is known before the first proof is made.
  await coordinator.call({ method: "GET", path: "/health", answer: healthAnswer, signal });
  const preview = [
    `Let the key ${key} act for account ${identity.accountId}.`,
    "Whoever holds it can spend and give away the account's credits, and unlink your other machines.",
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was linked.");
  const answer = await linkKey(coordinator, identity, flags.name, signal);
  output.say(`Linked: ${output.bold(key)}; ${liveKeys(answer).length} keys act for the account.`);
  output.json({ account_id: answer.account_id, key, linked: true });
}
