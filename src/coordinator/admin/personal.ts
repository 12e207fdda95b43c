/** What is kept of one account: handed out whole, or deleted as far as the books can do without it. */
import type { Clock } from "../../base/clock.ts";
import type { DeletionAnswer } from "../../protocol/admin.ts";
import { formatCredits } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { transact, type Database } from "../database.ts";
import { deletePersonal, lockPersonal, readSection, sectionNames } from "./personal-store.ts";

/** Rows of one page: what is in memory at once. */
const pageRows = 2_000;

export interface PersonalOptions {
  database: Database;
  clock: Pick<Clock, "now">;
  /** @returns forgets what this process remembers of the account as it is now */
  forgettingOf: (account: string) => Promise<() => void>;
}

export function createPersonal({ database, clock, forgettingOf }: PersonalOptions) {
  return {
    /** One JSON object, piece by piece: a list of rows for each table, as the database has them. */
    async *exported(account: string): AsyncGenerator<string> {
      const head = { account_id: account, exported_at: clock.now() };
      yield JSON.stringify(head).slice(0, -1);
      for (const name of sectionNames) {
        yield `,\n"${name}":[`;
        let page = await readSection(database, name, account, "", pageRows);
        for (let glue = "\n"; page.length > 0; glue = ",\n") {
          yield glue + page.map(({ row }) => row).join(",\n");
          page = await readSection(database, name, account, page.at(-1)!.key, pageRows);
        }
        yield "]";
      }
      yield "}\n";
    },

    /**
     * Repeated, it finds that it was done.
     * @param isTrial nothing is changed
     * @throws TroopError `account_unknown`
     */
    async erase(account: string, isTrial: boolean): Promise<DeletionAnswer> {
      const forget = await forgettingOf(account);
      const answer = await transact(database, async (tx) => {
        const data = await lockPersonal(tx, account);
        if (!data) throw new TroopError("account_unknown");
        const { keys, nodes, memos, posted, deletedAt } = data;
        const now = clock.now();
        const isDue = !isTrial && deletedAt === null;
        if (isDue) await deletePersonal(tx, account, now);
        return {
          ...{ account_id: account, deleted_at: isDue ? now : deletedAt },
          ...{ keys, nodes, memos, balance: formatCredits(posted) },
        };
      });
      forget();
      return answer;
    },
  };
}
