/** `troop gift`: gives earned credits to another account. */
import { formatCredits, parseCredits, readCredits } from "../../protocol/credits.ts";
import { balanceAnswer, transferAnswer } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { thumbprintText, uuidText } from "../../protocol/ids.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";
import { identityOf } from "../identity.ts";
import { again } from "../typed-command.ts";

export interface GiftFlags {
  account: string;
  amount: string;
  memo?: string;
  yes?: boolean;
  id?: string;
}

export async function gift(context: CommandContext, flags: GiftFlags): Promise<void> {
  const { output, questions, random, shutdown: signal } = context;
  const amount = readCredits(flags.amount);
  if (!amount) throw new TroopError("usage", "The amount is a number of credits, such as 12.5.");
  if (!thumbprintText.safeParse(flags.account).success)
    throw new TroopError(
      "usage",
      "The receiver is an account id, as `troop account show` prints it.",
    );
  if (flags.id !== undefined && !uuidText.safeParse(flags.id).success)
    throw new TroopError("usage", "--id takes the UUID of an earlier attempt.");
  const { signer, accountId } = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  const balance = await coordinator.call({
    method: "GET",
    path: `/users/${accountId}/balance`,
    answer: balanceAnswer,
    ...{ signer, signal },
  });
  const available = parseCredits(balance.available);
  const starter = parseCredits(balance.non_transferable);
  const giveable = available > starter ? available - starter : 0n;
  const text = formatCredits(amount);
  const preview = [
    `Give ${text} credits to ${flags.account}${flags.memo ? `, saying "${flags.memo}"` : ""}.`,
    `You have ${balance.available} to spend, ${formatCredits(giveable)} of them to give. A gift cannot be taken back.`,
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was given.");
  const id = flags.id ?? random.uuid();
  const memo = flags.memo ? { memo: flags.memo } : {};
  try {
    const given = await coordinator.call({
      method: "POST",
      path: "/transfers",
      body: { id, to: flags.account, amount: text, ...memo },
      answer: transferAnswer,
      ...{ signer, signal },
    });
    output.say(`Given: ${output.bold(given.amount)} credits to ${given.to}`);
    output.json(given);
  } catch (error) {
    throw aboutReceiver(repeatable(error, id), flags.account);
  }
}

/** The giver's own account is known by then. */
function aboutReceiver(error: unknown, account: string): unknown {
  if (!(error instanceof TroopError) || error.code !== "account_unknown") return error;
  return new TroopError(error.code, `The coordinator knows no account ${account}.`, {
    details: { run: "troop account show    (on the receiver's machine: it prints the id)" },
  });
}

/** Where it is not known whether the gift arrived, the same id gives it once and not twice. */
function repeatable(error: unknown, id: string): unknown {
  const unanswered = ["timeout", "coordinator_unreachable", "ledger_unavailable"];
  if (!(error instanceof TroopError) || !unanswered.includes(error.code)) return error;
  const run = `${again} --id ${id}    (the same id never gives twice)`;
  return new TroopError(error.code, error.message, { cause: error.cause, details: { run } });
}
