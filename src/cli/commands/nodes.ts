/** `troop nodes`: who lends what right now. */
import { peersAnswer } from "../../protocol/offers.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";
import { identityOf } from "../identity.ts";

export async function nodes(context: CommandContext, { model }: { model?: string }): Promise<void> {
  const { signer, accountId } = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  const { count, nodes: listed } = await coordinator.call({
    method: "GET",
    path: "/peers",
    ...(model ? { query: { model } } : {}),
    answer: peersAnswer,
    signer,
    signal: context.shutdown,
  });
  const { output } = context;
  if (count === 0) output.say("No node is listed. Lend one: troop worker");
  else {
    output.table(
      ["node", "status", "free", "multiplier", "provenance", "reputation", "credits/s", "models"],
      listed.map((node) => [
        node.node_id.slice(0, 12),
        node.owner === accountId ? `${node.status} (yours)` : node.status,
        `${node.slots.total - node.slots.active}/${node.slots.total}`,
        node.multiplier,
        node.provenance ?? "",
        node.reputation?.toFixed(2) ?? "",
        node.price,
        node.models.map(({ name }) => name).join(", "),
      ]),
    );
  }
  output.json({ count, nodes: listed });
}
