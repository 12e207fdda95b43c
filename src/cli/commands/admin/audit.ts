/** `troop admin audit`: what was put on record, newest first. */
import { auditAnswer, type AuditDetails, type AuditRow } from "../../../protocol/audit.ts";
import type { CommandContext } from "../../context.ts";
import { sayNext } from "./columns.ts";
import { askOperator, queryOf } from "./desk.ts";

export interface AuditFlags {
  limit: string;
  type?: string;
  user?: string;
  cursor?: string;
}

export async function audit(context: CommandContext, flags: AuditFlags): Promise<void> {
  const { output } = context;
  const { limit, type: event_type, user: user_id, cursor } = flags;
  const path = `/admin/audit${queryOf({ limit, event_type, user_id, cursor })}`;
  const answer = await askOperator(context, { method: "GET", path, answer: auditAnswer });
  if (answer.events.length === 0) output.say("Nothing is on record that fits.");
  else output.table(["when", "type", "what", "who", "from", "details"], answer.events.map(shown));
  sayNext(output, "troop admin audit", answer.next_cursor);
  output.json(answer);
}

const shown = ({ timestamp, event_type, details, user_id, ip_address }: AuditRow): string[] => [
  new Date(timestamp).toISOString().slice(0, 19).replace("T", " "),
  event_type,
  details.event,
  user_id?.slice(0, 16) ?? "",
  ip_address ?? "",
  detailsText(details),
];

const detailsText = ({ event: _, ...details }: AuditDetails): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.length : String(value)}`)
    .join(" ");
