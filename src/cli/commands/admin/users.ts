/** `troop admin users`: accounts, newest first, or one with its keys and nodes. */
import { type AdminUser, adminUserDetail, adminUsers } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import { type PageFlags, sayNext, shownTime } from "./columns.ts";
import { askOperator, named, queryOf } from "./desk.ts";
import { showGrants } from "./grant.ts";
import { showNodes } from "./nodes.ts";

const stateOf = ({ revoked_at: revoked, deleted_at: deleted }: AdminUser): string =>
  deleted !== null ? "deleted" : revoked !== null ? "revoked" : "";

export async function users(
  context: CommandContext,
  { account, limit, cursor }: PageFlags & { account?: string },
): Promise<void> {
  if (account !== undefined) return oneUser(context, account);
  const { output } = context;
  const path = `/admin/users${queryOf({ limit, cursor })}`;
  const answer = await askOperator(context, { method: "GET", path, answer: adminUsers });
  if (answer.users.length === 0) output.say("Nobody has joined yet.");
  else
    output.table(
      ["account", "joined", "balance", "held", "vesting", "keys", "nodes", ""],
      answer.users.map((user) => [
        ...[user.account_id, shownTime(user.created_at), user.balance, user.held, user.vesting],
        ...[String(user.keys), String(user.nodes), stateOf(user)],
      ]),
    );
  sayNext(output, "troop admin users", answer.next_cursor);
  output.json(answer);
}

async function oneUser(context: CommandContext, account: string): Promise<void> {
  const { output } = context;
  const path = `/admin/users/${named(account)}`;
  const user = await askOperator(context, { method: "GET", path, answer: adminUserDetail });
  const state = stateOf(user);
  output.table(
    ["account", user.account_id],
    [
      ["joined", shownTime(user.created_at)],
      ["balance", user.balance],
      ["held", user.held],
      ["not to be given away", user.non_transferable],
      ["vesting", user.vesting],
      ...(state ? [["state", `${state} ${shownTime(user.deleted_at ?? user.revoked_at)}`]] : []),
    ],
  );
  output.say("");
  output.table(
    ["key", "added", "revoked"],
    user.account_keys.map(({ key, created_at, revoked_at }) => [
      ...[key, shownTime(created_at), shownTime(revoked_at)],
    ]),
  );
  if (user.owned.length > 0) {
    output.say("");
    showNodes(output, user.owned);
  }
  showGrants(output, user.grants);
  output.json(user);
}
