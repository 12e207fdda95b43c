/** `troop admin invite`: codes that each let one account in. */
import { InvalidArgumentError } from "commander";
import { noteAct } from "../../../coordinator/admin/note-act.ts";
import { makeInvites } from "../../../coordinator/admin/inviting.ts";
import type { CommandContext } from "../../context.ts";
import { openCurrentBooks } from "./books.ts";

export interface InviteFlags {
  /** ms */
  expires: number;
  count: number;
}

const mostCodes = 1_000;
const hourMs = 60 * 60_000;
const unitMs: Record<string, number> = { h: hourMs, d: 24 * hourMs, w: 7 * 24 * hourMs };
const longestMs = 366 * 24 * hourMs;

/** `12h`, `7d`, `2w`; a year at most. */
export function readExpiry(text: string): number {
  const [, count = "", unit = ""] = /^([1-9]\d{0,3})([hdw])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms > 0 && ms <= longestMs) return ms;
  throw new InvalidArgumentError("It takes hours, days or weeks, such as 12h, 7d or 2w.");
}

export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= mostCodes) return count;
  throw new InvalidArgumentError(`It takes a number from 1 to ${mostCodes}.`);
}

export async function invite(context: CommandContext, flags: InviteFlags): Promise<void> {
  const { output, clock, random } = context;
  await using books = await openCurrentBooks(context);
  const now = clock.now();
  const expiresAt = now + flags.expires;
  const codes = await makeInvites(books.database, random, { count: flags.count, now, expiresAt });
  await noteAct(books.database, context, { event: "invites_made", count: flags.count });
  for (const code of codes) output.say(code);
  output.note(`Each lets one account in: troop up --invite ${codes[0]}`);
  output.json({ codes, expires_at: expiresAt });
}
