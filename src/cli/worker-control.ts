/** Speaks to the worker that runs here, for the commands that steer it. */
import { join } from "node:path";
import { z } from "zod";
import { nodeStatuses } from "../protocol/node.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { callWorker, type WorkerCall } from "../worker/control/call-worker.ts";
import { yields } from "../worker/idle/settings.ts";
import type { CommandContext } from "./context.ts";

/** What the commands show of `WorkerStatus`; the rest is passed on as it is. */
const workerStatus = z.looseObject({
  node_id: z.string(),
  status: z.enum(nodeStatuses),
  url: z.string(),
  slots: z.object({ active: z.int(), total: z.int() }),
  multiplier: z.string(),
  proof: z.looseObject({
    provenance: z.string(),
    device: z.looseObject({ prover: z.string(), name: z.string() }).nullable(),
    others: z.array(z.looseObject({ name: z.string() })),
    failure: z.string().nullable(),
  }),
  models: z.array(z.string()),
  receipts_waiting: z.int(),
  presence: z.looseObject({
    state: z.enum(["away", "present", "unknown"]),
    reason: z.string().nullable(),
    detail: z.string().nullable(),
    source: z.string().nullable(),
  }),
  yield: z.enum(yields),
  lend_to: z.string(),
});
export type ShownStatus = z.infer<typeof workerStatus>;

/** The worker's own folder. */
export const workerFolder = ({ config }: Pick<CommandContext, "config">): string =>
  join(config.dataFolder, "worker");

/** Undefined where no worker runs. @throws TroopError the worker's refusal, `timeout` */
export const callHere = (
  context: CommandContext,
  call: Omit<WorkerCall, "folder" | "clock">,
): Promise<unknown> => callWorker({ ...call, folder: workerFolder(context), clock: context.clock });

/** @throws TroopError `worker_not_running`, and what the worker refuses */
export async function tellWorker(
  context: CommandContext,
  call: Omit<WorkerCall, "folder" | "clock">,
): Promise<ShownStatus> {
  const answer = await callHere(context, call);
  if (answer !== undefined) return workerStatus.parse(answer);
  throw new TroopError("worker_not_running", `No worker runs on ${workerFolder(context)}.`);
}
