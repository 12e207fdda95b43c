/** What the owner may decide about requesters while the worker runs. */
import { z } from "zod";
import { uuidText } from "../../protocol/ids.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { ControlVerbs } from "../control/control-socket.ts";
import type { Guests } from "./guests.ts";

const requesterBody = z.strictObject({
  requester: z.string().min(1).max(limits.shortTextCharacters),
});
const reasonCharacters = 500;
const reportBody = z.strictObject({ hold: uuidText, reason: z.string().max(reasonCharacters) });

export const guestVerbs = (
  guests: Pick<Guests, "block" | "unblock" | "blocked" | "report">,
): ControlVerbs => ({
  "GET /blocked": () => ({ blocked: guests.blocked() }),
  "POST /block"(body) {
    const { requester } = read(requesterBody, body);
    guests.block(requester);
    return { requester, blocked: true };
  },
  "POST /unblock"(body) {
    const { requester } = read(requesterBody, body);
    return { requester, was_blocked: guests.unblock(requester) };
  },
  "POST /report"(body) {
    const { hold, reason } = read(reportBody, body);
    return { hold, requester: guests.report(hold, reason) ?? null };
  },
});

/** @throws TroopError `invalid_value` */
function read<Shape extends z.ZodType>(shape: Shape, body: unknown): z.infer<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".");
  throw new TroopError("invalid_value", `It is not understood: ${issue?.message}.`, {
    ...(param ? { param } : {}),
  });
}
