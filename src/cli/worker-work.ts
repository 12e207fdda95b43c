/** Asks the worker that runs here for its work: what it did, what it earned, and why nothing comes. */
import { z } from "zod";
import type { CommandContext } from "./context.ts";
import { callHere } from "./worker-control.ts";

const explained = z.object({ code: z.string(), cause: z.string(), step: z.string() });

const workReport = z.looseObject({
  no_work: explained.nullable(),
  hints: z.array(explained),
  models: z.array(z.object({ name: z.string(), context_length: z.int().nullable() })),
  today: z.looseObject({
    ...{ since: z.int(), requests: z.int() },
    ...{ earned: z.string(), vesting: z.string(), waiting: z.string() },
  }),
  jobs: z.array(
    z.looseObject({
      ...{ hold: z.string(), k: z.int(), requester: z.string(), own: z.boolean() },
      ...{ model: z.string(), finish: z.string(), ended: z.int(), billed_ms: z.int() },
      ...{ prompt_tokens: z.int(), completion_tokens: z.int() },
      ...{ cost: z.string(), receipt: z.string(), paid: z.string().nullable() },
    }),
  ),
  unserved: z
    .array(z.object({ model: z.string(), requesters: z.int(), command: z.string().nullable() }))
    .nullable(),
});
export type ShownWork = z.infer<typeof workReport>;

/** Undefined where no worker runs. @throws TroopError the worker's refusal, `timeout` */
export async function workHere(context: CommandContext): Promise<ShownWork | undefined> {
  const answer = await callHere(context, { method: "GET", path: "/work" });
  return answer === undefined ? undefined : workReport.parse(answer);
}

/** For commands that are about something else: a worker that does not say is passed over. */
export async function noWorkHere(context: CommandContext): Promise<ShownWork["no_work"]> {
  try {
    return (await workHere(context))?.no_work ?? null;
  } catch {
    return null;
  }
}
