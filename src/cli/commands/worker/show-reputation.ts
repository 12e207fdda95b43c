/** What `troop worker status` says of the node's record: what it is worth, and what lowers it. */
import { type ReputationAnswer, reputationAnswer } from "../../../protocol/reputation.ts";
import { type CommandContext, connectCoordinator } from "../../context.ts";
import { identityOf } from "../../identity.ts";

/** Undefined where the coordinator does not say: the status is about the worker here, and is shown all the same. */
export async function reputationOf(
  context: CommandContext,
  node: string,
): Promise<ReputationAnswer | undefined> {
  try {
    await using coordinator = connectCoordinator(context);
    return await coordinator.call({
      ...{ method: "GET", path: `/nodes/${encodeURIComponent(node)}/reputation` },
      ...{ answer: reputationAnswer, signer: (await identityOf(context)).signer },
      signal: context.shutdown,
    });
  } catch {
    context.shutdown.throwIfAborted();
    return undefined;
  }
}

export function showReputation(
  { output }: Pick<CommandContext, "output">,
  { score, tier, jobs, why }: ReputationAnswer,
): void {
  const said = jobs === 1 ? "1 job" : `${jobs} jobs`;
  output.say(`Reputation: ${score} (${tier}), from ${said} of others in a week`);
  for (const reason of why) output.say(output.dim(`  ${reason}`));
}
