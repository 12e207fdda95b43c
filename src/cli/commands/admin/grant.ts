/** `troop admin grant`: credits minted for an account, once for each id. */
import { type AdminGrant, adminUserDetail, grantAnswer } from "../../../protocol/admin.ts";
import { formatCredits, readCredits } from "../../../protocol/credits.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { uuidText } from "../../../protocol/ids.ts";
import type { CommandContext } from "../../context.ts";
import type { Output } from "../../output.ts";
import { again } from "../../typed-command.ts";
import { shownTime } from "./columns.ts";
import { askOperator, named } from "./desk.ts";

export interface GrantFlags {
  account: string;
  amount: string;
  memo: string;
  id?: string;
  yes?: boolean;
}

export async function grant(context: CommandContext, flags: GrantFlags): Promise<void> {
  const { output, questions, random } = context;
  const credits = readCredits(flags.amount);
  if (!credits) throw new TroopError("usage", "The amount is a number of credits, such as 12.5.");
  if (flags.id !== undefined && !uuidText.safeParse(flags.id).success)
    throw new TroopError("usage", "--id takes the UUID of an earlier attempt.");
  const { account, memo } = flags;
  const amount = formatCredits(credits);
  const path = `/admin/users/${named(account)}`;
  const user = await askOperator(context, { method: "GET", path, answer: adminUserDetail });
  const preview = [
    `Mint ${amount} credits for ${account}, saying "${memo}".`,
    `It has ${user.balance}. A grant cannot be taken back.`,
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was granted.");
  const id = flags.id ?? random.uuid();
  const body = { id, account, amount, memo };
  try {
    const call = { method: "POST", path: "/admin/grants", body, answer: grantAnswer } as const;
    const granted = await askOperator(context, call);
    output.say(
      granted.repeated
        ? `Granted before, under this id${granted.granted_by ? ` by ${granted.granted_by}` : ""}: ${granted.amount} credits to ${granted.account}`
        : `Granted: ${output.bold(granted.amount)} credits to ${granted.account}`,
    );
    output.json(granted);
  } catch (error) {
    throw repeatable(error, id);
  }
}

const unknownOutcome: ReadonlySet<string> = new Set([
  ...["timeout", "ledger_unavailable", "coordinator_unreachable", "internal_error"],
  ...["upgrade_required"],
]);

/** Where it is not known whether it was granted, the same id grants it once and not twice. */
function repeatable(error: unknown, id: string): unknown {
  if (!(error instanceof TroopError) || !unknownOutcome.has(error.code)) return error;
  const run = `${again} --id ${id}    (the same id never grants twice)`;
  return new TroopError(error.code, error.message, { cause: error.cause, details: { run } });
}

/** Nothing where there are none. */
export function showGrants({ say, table }: Output, grants: readonly AdminGrant[]): void {
  if (grants.length === 0) return;
  say("");
  table(
    ["granted", "credits", "to", "by", "what for"],
    grants.map(({ created_at, amount, account, granted_by, memo }) => [
      ...[shownTime(created_at), amount, account, granted_by ?? "", memo ?? ""],
    ]),
  );
}
