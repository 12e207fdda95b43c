/** `troop admin ledger`: the books at a glance. */
import { ledgerAnswer } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import { askOperator } from "./desk.ts";
import { showGrants } from "./grant.ts";

export async function ledger(context: CommandContext): Promise<void> {
  const { output } = context;
  const path = "/admin/ledger";
  const books = await askOperator(context, { method: "GET", path, answer: ledgerAnswer });
  output.table(
    ["credits", ""],
    [
      ["minted so far", books.issued],
      ["of them in the faucet", books.faucet],
      ["in the commons", books.commons],
      [`with ${books.accounts} accounts`, books.users],
      [`vesting, of ${books.vesting_requests} requests`, books.vesting],
      [`held by ${books.open_holds} open tickets`, books.held],
      ["granted within a day", `${books.granted} of ${books.grant_limit}`],
    ],
  );
  if (books.waiting_for_starter > 0)
    output.say(`${books.waiting_for_starter} accounts wait for their starter credits.`);
  showGrants(output, books.grants);
  output.say(output.dim("whether all of it is sound: troop admin audit-ledger"));
  output.json(books);
}
