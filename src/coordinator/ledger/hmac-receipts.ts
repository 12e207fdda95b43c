/** The verb of receipts by shared key: one transaction takes it in and closes the hold. */
import type { LineOutcome } from "../../protocol/receipt.ts";
import type { Micro } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { receiveHmac, type HmacReceipt } from "./hmac-receipt.ts";
import type { LedgerStore } from "./ledger-store.ts";
import { turnPage } from "./page.ts";
import type { KeptStatement } from "./page-store.ts";

export const createHmacReceipts = (store: LedgerStore) => ({
  /**
   * Takes a receipt in. The same one again gets the same answer.
   * @throws TroopError `hold_not_found`, `request_unproven`, `receipt_conflict`
   */
  async receiveHmac(
    receipt: HmacReceipt,
    statement: KeptStatement,
    now: number,
  ): Promise<{ outcome: LineOutcome; paid: Micro }> {
    const step = await store.transaction(async (tx) => {
      const opened = await tx.openPage(receipt.hold, false);
      if (opened?.node !== receipt.node) return undefined;
      const page = turnPage(opened.book, [(book) => receiveHmac(book, receipt, statement.id, now)]);
      await tx.writePage(opened.book, page.changes, statement, now);
      if (page.changes.rows.length > 0 && page.book.state === "open")
        await tx.endHolds([receipt.hold], "closed", now);
      return page.steps[0];
    });
    if (!step) throw new TroopError("hold_not_found");
    const { outcome, paid } = step;
    if (outcome === "request_unproven" || outcome === "receipt_conflict")
      throw new TroopError(outcome);
    return { outcome, paid };
  },
});
