/** `troop admin audit-ledger`: recomputes the books, and names every row that does not agree. */
import { auditBooks } from "../../../coordinator/ledger/audit-store.ts";
import type { CommandContext } from "../../context.ts";
import { EndedWith, exitCodes } from "../../failure.ts";
import { openCurrentBooks } from "./books.ts";

export async function auditLedger(context: CommandContext): Promise<void> {
  const { output } = context;
  await using books = await openCurrentBooks(context);
  const offences = await auditBooks(books.database);
  const isSound = offences.length === 0;
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
