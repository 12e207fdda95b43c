/** Invitations that an operator hands out. */
import type { Random } from "../../base/random.ts";
import { inviteBytes, inviteCode, inviteId } from "../../protocol/invite.ts";
import { insertInvites } from "../accounts/invite-store.ts";
import type { Database } from "../database.ts";

/**
 * Makes codes that let one account in each. Only their hashes are kept: they are shown this once.
 * @param expiresAt ms UTC
 */
export async function makeInvites(
  database: Database,
  random: Random,
  { count, now, expiresAt }: { count: number; now: number; expiresAt: number },
): Promise<string[]> {
  const codes = Array.from({ length: count }, () => inviteCode(random.bytes(inviteBytes)));
  await insertInvites(database, codes.map(inviteId), { now, expiresAt });
  return codes;
}
