/**
 * Verbs of cutting off. Tickets that are out there run out, and what was done under them is settled: nobody loses what
 * they have worked for or paid.
 */
import type { Clock } from "../../base/clock.ts";
import type { RevocationAnswer } from "../../protocol/admin.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Nodes } from "../accounts/enrolment.ts";
import { findKey, findKeys } from "../accounts/key-store.ts";
import type { Database } from "../database.ts";
import {
  readOpenTickets,
  writeAccountRevoked,
  writeKeyRevoked,
  writeNodeRevoked,
  writeQuarantine,
} from "./cut-off-store.ts";
import { findNodes } from "./people-store.ts";

/** What this process remembers of keys and nodes, and must not go by any longer. */
export interface Remembered {
  accounts: Pick<Accounts, "forget">;
  nodes: Pick<Nodes, "forget">;
}

export interface CutOffOptions extends Remembered {
  database: Database;
  clock: Pick<Clock, "now">;
}

/** More than one account may have. */
const nodesMost = 1_000;

export function createCutOff({ database, clock, accounts, nodes }: CutOffOptions) {
  /** @returns forgets what is remembered of an account, its keys and its nodes, as they are now */
  async function forgettingOf(id: string): Promise<() => void> {
    const keys = await findKeys(database, id);
    const owned = await findNodes(database, { owner: id }, nodesMost);
    return () => {
      for (const { thumbprint } of keys) accounts.forget(thumbprint);
      for (const node of owned) nodes.forget(node.id);
    };
  }

  async function answer(
    kind: RevocationAnswer["kind"],
    id: string,
    revoked: boolean,
    side: { name: "account" | "node"; id: string } | undefined,
  ): Promise<RevocationAnswer> {
    const none = { count: 0, endAt: null };
    const open = side ? await readOpenTickets(database, side.name, side.id, clock.now()) : none;
    return { kind, id, revoked, open_tickets: open.count, tickets_end_at: open.endAt };
  }

  return {
    forgettingOf,

    /** The account's keys act for nobody, and its nodes serve nobody. @throws TroopError `account_unknown` */
    async account(id: string, isRevoked: boolean): Promise<RevocationAnswer> {
      const forget = await forgettingOf(id);
      if (!(await writeAccountRevoked(database, id, isRevoked ? clock.now() : null)))
        throw new TroopError("account_unknown");
      forget();
      return answer("user", id, isRevoked, { name: "account", id });
    },

    /** @throws TroopError `node_unknown` */
    async node(id: string, isRevoked: boolean): Promise<RevocationAnswer> {
      if (!(await writeNodeRevoked(database, id, isRevoked ? clock.now() : null)))
        throw new TroopError("node_unknown");
      nodes.forget(id);
      return answer("node", id, isRevoked, { name: "node", id });
    },

    /** For ever, as when its owner does it; also the last one of an account. @throws TroopError `key_unknown` */
    async key(id: string): Promise<RevocationAnswer> {
      if (!(await writeKeyRevoked(database, id, clock.now()))) throw new TroopError("key_unknown");
      accounts.forget(id);
      const key = await findKey(database, id);
      return answer("key", id, true, key && { name: "account", id: key.account });
    },

    /** @param until ms; 0 lets the node in again. @throws TroopError `node_unknown` */
    async quarantine(node: string, until: number): Promise<void> {
      if (!(await writeQuarantine(database, node, until))) throw new TroopError("node_unknown");
      nodes.forget(node);
    },
  };
}
