/** `troop admin invite`, `invites`: codes that each let one account in. */
import { InvalidArgumentError } from "commander";
import { adminInvites, invitesMade } from "../../../protocol/admin.ts";
import { limits } from "../../../protocol/limits.ts";
import type { CommandContext } from "../../context.ts";
import { type PageFlags, sayNext, shownTime } from "./columns.ts";
import { askOperator, queryOf } from "./desk.ts";

export interface InviteFlags {
  /** ms */
  expires: number;
  count: number;
}

const hourMs = 60 * 60_000;
const unitMs: Record<string, number> = { h: hourMs, d: 24 * hourMs, w: 7 * 24 * hourMs };

/** `12h`, `7d`, `2w`; a year at most. */
export function readExpiry(text: string): number {
  const [, count = "", unit = ""] = /^([1-9]\d{0,3})([hdw])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms > 0 && ms <= limits.inviteMostMs) return ms;
  throw new InvalidArgumentError("It takes hours, days or weeks, such as 12h, 7d or 2w.");
}

export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= limits.invitesPerCall) return count;
  throw new InvalidArgumentError(`It takes a number from 1 to ${limits.invitesPerCall}.`);
}

export async function invite(context: CommandContext, flags: InviteFlags): Promise<void> {
  const { output } = context;
  const body = { count: flags.count, for_ms: flags.expires };
  const call = { method: "POST", path: "/admin/invites", body, answer: invitesMade } as const;
  const made = await askOperator(context, call);
  for (const code of made.codes) output.say(code);
  output.note(`Each lets one account in: troop up --invite ${made.codes[0]}`);
  output.json(made);
}

/** By their hashes: the codes themselves are kept nowhere. */
export async function invites(
  context: CommandContext,
  { limit, cursor }: PageFlags,
): Promise<void> {
  const { output, clock } = context;
  const path = `/admin/invites${queryOf({ limit, cursor })}`;
  const answer = await askOperator(context, { method: "GET", path, answer: adminInvites });
  if (answer.invites.length === 0) output.say("No invitation was made.");
  else
    output.table(
      ["invitation", "made", "expires", "used", "by"],
      answer.invites.map(({ id, created_at, expires_at, used_at, account }) => [
        ...[id.slice(0, 12), shownTime(created_at)],
        used_at === null && expires_at <= clock.now() ? "expired" : shownTime(expires_at),
        ...[shownTime(used_at), account ?? ""],
      ]),
    );
  sayNext(output, "troop admin invites", answer.next_cursor);
  output.json(answer);
}
