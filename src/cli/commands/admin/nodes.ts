/** `troop admin nodes`: enrolled nodes, newest first, or one; keeping one out for a while, and letting it in again. */
import { type AdminNode, adminNode, adminNodes } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import type { Output } from "../../output.ts";
import { type PageFlags, sayNext, shownTime } from "./columns.ts";
import { askOperator, named, queryOf } from "./desk.ts";

const stateOf = ({ revoked, quarantined_until: until, status }: AdminNode): string =>
  revoked
    ? "revoked"
    : until !== null
      ? `kept out until ${shownTime(until)}`
      : (status?.toLowerCase() ?? "away");

export const showNodes = ({ table }: Output, nodes: readonly AdminNode[]): void =>
  table(
    ["node", "owner", "enrolled", "multiplier", "hardware", "state"],
    nodes.map((node) => [
      ...[node.node_id, node.owner, shownTime(node.enrolled_at)],
      ...[node.multiplier, node.provenance, stateOf(node)],
    ]),
  );

export async function nodes(
  context: CommandContext,
  { node, limit, cursor, owner }: PageFlags & { node?: string; owner?: string },
): Promise<void> {
  const { output } = context;
  if (node !== undefined) {
    const path = `/admin/nodes/${named(node)}`;
    const found = await askOperator(context, { method: "GET", path, answer: adminNode });
    showNodes(output, [found]);
    return output.json(found);
  }
  const path = `/admin/nodes${queryOf({ limit, cursor, owner })}`;
  const answer = await askOperator(context, { method: "GET", path, answer: adminNodes });
  if (answer.nodes.length === 0) output.say("No node is enrolled.");
  else showNodes(output, answer.nodes);
  sayNext(output, `troop admin nodes${owner ? ` --owner ${owner}` : ""}`, answer.next_cursor);
  output.json(answer);
}

export async function quarantine(
  context: CommandContext,
  { node, for: forMs }: { node: string; for: number },
): Promise<void> {
  const { output } = context;
  const path = `/admin/nodes/${named(node)}/quarantine`;
  const body = { for_ms: forMs };
  const found = await askOperator(context, { method: "POST", path, body, answer: adminNode });
  output.say(`Kept out until ${shownTime(found.quarantined_until)} UTC: ${found.node_id}`);
  output.note("It is offered to nobody from its next beat on; tickets that are out there run out.");
  output.json(found);
}

export async function release(context: CommandContext, { node }: { node: string }): Promise<void> {
  const { output } = context;
  const path = `/admin/nodes/${named(node)}/release`;
  const found = await askOperator(context, { method: "POST", path, answer: adminNode });
  output.say(`Let in again with its next beat: ${found.node_id}`);
  output.json(found);
}
