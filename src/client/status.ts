/** What the sidecar knows of itself. */
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import type { Mesh } from "../host/mesh/mesh.ts";
import type { Outbox } from "../host/outbox.ts";
import { formatCredits } from "../protocol/credits.ts";
import { type BalanceAnswer, balanceAnswer } from "../protocol/endpoints.ts";
import { limits } from "../protocol/limits.ts";
import type { Signer } from "../protocol/signature.ts";
import type { PathFinder } from "./paths/find-path.ts";
import type { Path, PathKind } from "./paths/path.ts";
import type { Peers } from "./peers.ts";
import type { Spending } from "./spending/spending.ts";
import type { SpendingStatus } from "./spending/status.ts";
import type { Tickets } from "./tickets/tickets.ts";

export interface SidecarStatus {
  account_id: string;
  coordinator: string;
  tickets: {
    node: string;
    /** How it was reached last; null before the first request. */
    path: { kind: PathKind; origin: string } | null;
    model: string;
    hold: string;
    multiplier: string;
    budget: string;
    spent: string;
    running: number;
    numbers_left: number;
    expires_at: number;
  }[];
  /** `age_ms` is null before the first list. */
  peers: { count: number; age_ms: number | null };
  pending_acknowledgements: number;
  mesh: Mesh;
  spending: SpendingStatus;
}

export interface StatusParts {
  coordinator: CoordinatorClient;
  account: Signer;
  accountId: string;
  tickets: Tickets;
  paths: Pick<PathFinder, "last">;
  peers: Peers;
  outbox: Outbox;
  /** What is known of the mesh now. */
  mesh: () => Mesh;
  spending: Pick<Spending, "status">;
}

export function readStatus(parts: StatusParts): SidecarStatus {
  const { coordinator, accountId, tickets, peers, outbox, mesh } = parts;
  const ageMs = peers.ageMs();
  return {
    account_id: accountId,
    coordinator: coordinator.url,
    tickets: tickets.all().map((ticket) => ({
      node: ticket.node.node_id,
      path: pathOf(parts.paths.last(ticket.node.node_id)),
      model: ticket.model,
      hold: ticket.hold,
      multiplier: ticket.node.multiplier,
      budget: formatCredits(ticket.budget),
      spent: formatCredits(ticket.spent),
      running: ticket.running,
      numbers_left: limits.secretsPerTicket - ticket.lastNumber + ticket.returned.length,
      expires_at: ticket.expiresAt,
    })),
    peers: { count: peers.known().length, age_ms: ageMs === undefined ? null : Math.round(ageMs) },
    pending_acknowledgements: outbox.pending(),
    mesh: mesh(),
    spending: parts.spending.status(),
  };
}

const pathOf = (path: Path | undefined) => (path ? { kind: path.kind, origin: path.origin } : null);

/** @throws TroopError `account_unknown` before the first ticket, `coordinator_unreachable`, `timeout` */
export const readBalance = ({ coordinator, account }: StatusParts): Promise<BalanceAnswer> =>
  coordinator.call({
    method: "GET",
    path: `/users/${account.id}/balance`,
    answer: balanceAnswer,
    signer: account,
  });
