/** `troop worker status`: what the worker here is doing, what that earned, and why nothing comes. */
import type { CommandContext } from "../../context.ts";
import { type ShownStatus, tellWorker } from "../../worker-control.ts";
import { workHere } from "../../worker-work.ts";
import { reputationOf, showReputation } from "./show-reputation.ts";
import { showWork } from "./show-work.ts";

export async function showWorkerStatus(context: CommandContext): Promise<void> {
  const { output } = context;
  const status = await tellWorker(context, { method: "GET", path: "/status" });
  output.say(`${output.bold(status.status)}: ${meaningOf(status)}`);
  output.say(`Node ${status.node_id.slice(0, 12)} at ${status.url}`);
  output.say(`Running: ${status.slots.active} of ${status.slots.total}`);
  output.say(`You: ${presenceOf(status)}`);
  output.say(`Lends to: ${status.lend_to}`);
  output.say(`Counts as: ${countsAs(status)}`);
  if (status.receipts_waiting > 0) output.say(`Receipts on their way: ${status.receipts_waiting}`);
  const reputation = await reputationOf(context, status.node_id);
  if (reputation) showReputation(context, reputation);
  const work = await workHere(context);
  if (work) showWork(context, work);
  output.json({ ...status, work: work ?? null, reputation: reputation ?? null });
}

function countsAs({ multiplier, proof }: ShownStatus): string {
  const { provenance, device, others, failure } = proof;
  const names = [device, ...others].map((gpu) => gpu?.name).join(" and ");
  const by = device ? `, by ${device.prover} on ${names}` : "";
  const failed = failure ? `; the last proof came to nothing: ${failure}` : "";
  return `${multiplier} of an RTX 3060, ${proofWords[provenance] ?? provenance}${by}${failed}`;
}

const proofWords: Readonly<Record<string, string>> = {
  off: "unproven, as PROVE_HARDWARE=off",
  unknown: "and the coordinator has not said more",
  stale: "proven once, and proofs were missed since",
  refuted: "as a proof was wrong; it is tried again after a day",
};

function presenceOf({ presence }: ShownStatus): string {
  const { state, reason, detail, source } = presence;
  switch (state) {
    case "away":
      return `away, says ${source}`;
    case "present":
      return `here (${reason}): ${detail}; lends again after 30 quiet seconds`;
    case "unknown":
      return "unknown: nothing here measures it. `troop worker pause` is your word";
    default:
      return state satisfies never;
  }
}

function meaningOf({ status, presence, slots }: ShownStatus): string {
  switch (status) {
    case "IDLE":
      return "lending, with room for another request.";
    case "BUSY":
      if (presence.state === "present") return "takes nothing new while you use the machine.";
      return slots.total === 0 ? "no engine answers." : "lending, and every slot is taken.";
    case "PAUSED":
      return "takes nothing new until `troop worker resume`.";
    case "PROVING":
      return "shows the coordinator what its hardware can do.";
    case "DRAINING":
      return "completes what runs, then ends.";
    case "OFFLINE":
      return "is ending.";
    default:
      return status satisfies never;
  }
}
