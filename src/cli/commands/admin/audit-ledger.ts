/** `troop admin audit-ledger`: recomputes the books, and names every row that does not agree. */
import { ledgerAudit } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import { EndedWith, exitCodes } from "../../failure.ts";
import { askOperator } from "./desk.ts";

export async function auditLedger(context: CommandContext): Promise<void> {
  const { output } = context;
  const call = { method: "GET", path: "/admin/ledger/audit", answer: ledgerAudit } as const;
  const { sound: isSound, offences } = await askOperator(context, call);
  if (isSound) output.say("The books are sound.");
  else
    output.table(
      ["invariant", "row", "found", "expected"],
      offences.map(({ invariant, subject, found, expected }) => [
        String(invariant),
        subject,
        found,
        expected,
      ]),
    );
  output.json({ sound: isSound, offences });
  if (!isSound) throw new EndedWith(exitCodes.failed);
}
