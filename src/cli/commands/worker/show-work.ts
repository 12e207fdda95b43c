/** What `troop worker status` says of work: today's credits, why nothing comes, what nobody serves, the last requests. */
import type { CommandContext } from "../../context.ts";
import type { ShownWork } from "../../worker-work.ts";

export function showWork({ output }: Pick<CommandContext, "output">, work: ShownWork): void {
  output.say(`Models: ${work.models.map(modelText).join(", ") || "none yet"}`);
  output.say(`Today (UTC): ${todayText(work.today)}`);
  if (work.no_work) {
    output.say(`${output.bold("No work")} (${work.no_work.code}): ${work.no_work.cause}`);
    output.say(`  try: ${work.no_work.step}`);
  }
  for (const { cause } of work.hints) output.say(output.dim(cause));
  if (work.unserved && work.unserved.length > 0) {
    output.say("Asked for within a day, and served by nobody:");
    for (const each of work.unserved) output.say(`  ${unservedText(each)}`);
  }
  if (work.jobs.length === 0) return;
  output.table(
    [
      "ended (UTC)",
      "model",
      "ended by",
      "seconds",
      "tokens",
      "credits",
      "receipt",
      "request",
      "requester",
    ],
    work.jobs.map(jobRow),
  );
}

const modelText = ({ name, context_length: length }: ShownWork["models"][number]): string =>
  length === null ? name : `${name} (${length} tokens)`;

function todayText({ requests, earned, vesting, waiting }: ShownWork["today"]): string {
  const isSome = (credits: string) => Number(credits) > 0;
  const parts = [
    `${requests} ${requests === 1 ? "request" : "requests"}`,
    `${earned} credits earned${isSome(vesting) ? `, of which ${vesting} were vesting` : ""}`,
    ...(isSome(waiting) ? [`${waiting} not answered for`] : []),
  ];
  return parts.join("; ");
}

function unservedText({
  model,
  requesters,
  command,
}: NonNullable<ShownWork["unserved"]>[number]): string {
  const people = requesters === 1 ? "1 account" : `${requesters} accounts`;
  return `${model}, by ${people}${command === null ? "" : `: ${command}`}`;
}

/** Long names come last, so that a narrow terminal breaks only them. */
function jobRow(job: ShownWork["jobs"][number]): string[] {
  return [
    new Date(job.ended).toISOString().slice(5, 16).replace("T", " "),
    ...[job.model, job.finish, (job.billed_ms / 1_000).toFixed(1)],
    `${job.prompt_tokens} + ${job.completion_tokens}`,
    ...[job.paid ?? job.cost, job.receipt, `${job.hold}.${job.k}`],
    job.own ? "you" : job.requester,
  ];
}
