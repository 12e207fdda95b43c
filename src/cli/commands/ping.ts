/** `troop ping <node>`: by which paths a node is reached from here, and how long each takes. Costs nothing. */
import { join } from "node:path";
import { Agent } from "undici";
import { createAuthorize } from "../../client/tickets/authorize.ts";
import { readSidecarConfig } from "../../client/config.ts";
import { createPathsTo } from "../../client/paths/path.ts";
import { type PathPing, pingAll } from "../../client/ping.ts";
import { createPinsStore } from "../../client/sealing/pins-store.ts";
import { createSealings } from "../../client/sealing/sealings.ts";
import { takeSecret } from "../../client/tickets/ticket.ts";
import { ensureFolder } from "../../host/folders.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { ownNetworks } from "../../host/own-networks.ts";
import { peersAnswer } from "../../protocol/offers.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Peer } from "../../protocol/node.ts";
import { verifier } from "../../protocol/signature.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";
import { identityOf } from "../identity.ts";

/** Of the account's credits, for as long as the ticket lives; nothing of it is spent. */
const reserved = 10_000n;
/** As much of an id as tells nodes apart on a screen. */
const shownLength = 12;

/** @throws TroopError `node_unreachable` where no path leads there, and whatever a request would be refused with */
export async function ping(context: CommandContext, { node }: { node: string }): Promise<void> {
  const { clock, random, output, environment, shutdown: signal } = context;
  const { signer } = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  const call = { method: "GET", path: "/peers", answer: peersAnswer, signer, signal } as const;
  const peer = find((await coordinator.call(call)).nodes, node);
  const model = peer.models[0]?.name;
  if (!model)
    throw new TroopError("model_not_found", "The node offers no model to get a ticket for.");

  // Where `troop up` and `troop nodes` keep what is remembered of nodes.
  const folder = ensureFolder(join(context.config.dataFolder, "client"));
  using database = openLocalDatabase(folder, "client.sqlite");
  const { policy } = readSidecarConfig(environment, { coordinatorUrl: coordinator.url });
  const sealings = createSealings({
    // Whoever is only pinged is not remembered as met.
    pins: { ...createPinsStore(database), remember: () => true },
    ...{ verifier, random, policy, audience: coordinator.url },
    now: () => coordinator.time.now(),
  });
  const authorize = createAuthorize({
    ...{ coordinator, account: signer, sealings, clock, random, maxBudget: reserved },
  });
  const ticket = await authorize.ticket({ model, node: peer.node_id, exclude: new Set() }, signal);
  const use = { ticket, secret: takeSecret(ticket, coordinator.time.now()) };
  await using dispatcher = disposable(new Agent());
  const pathsTo = createPathsTo(() => ({
    coordinatorUrl: coordinator.url,
    networks: ownNetworks(),
  }));
  const paths = await pingAll(use, { dispatcher: dispatcher.agent, clock, pathsTo }, signal);

  output.say(`${output.bold(peer.node_id)}, of ${ticket.sealing.key.owner}`);
  output.table(["path", "through", "first", "then"], paths.map(rowOf));
  // As they are listed: the best kind of path first.
  const best = paths.find(({ error }) => error === undefined);
  if (best) output.say(wayText(best));
  const untried = ticket.node.addresses.length + ticket.node.relay.length - paths.length;
  if (untried > 0)
    output.say(`Not tried: ${untried} more; docs/threat-model.md says where a client goes.`);
  output.json({ node: peer.node_id, owner: ticket.sealing.key.owner, best: best ?? null, paths });
  if (paths.every(({ error }) => error !== undefined))
    throw new TroopError("node_unreachable", "No path leads to the node from here.");
}

/** @param text an id, or enough of its beginning */
function find(peers: readonly Peer[], text: string): Peer {
  const found = peers.filter(({ node_id: id }) => id.startsWith(text));
  const [only] = found;
  if (only && found.length === 1) return only;
  const known = peers.map(({ node_id: id }) => id.slice(0, shownLength)).join(", ");
  throw new TroopError(
    "node_unknown",
    only
      ? `Several nodes begin with ${text}: ${found.map(({ node_id: id }) => id).join(", ")}.`
      : `No node that is listed now begins with ${text}. There is: ${known || "none"}.`,
    { details: { run: "troop nodes --json" } },
  );
}

const wayNames: Readonly<Record<PathPing["kind"], string>> = {
  loopback: "to this very machine",
  mesh: "through the mesh",
  direct: "directly",
  relay: "by a relay",
};

/** How requests get there, in a sentence. */
function wayText({ kind, origin, again_ms: again }: PathPing): string {
  const way = `Requests go ${wayNames[kind]}, ${origin}: ${milliseconds(again)} there and back.`;
  return kind === "relay"
    ? `${way} Nobody reaches it directly; in one mesh you would (troop mesh status).`
    : way;
}

const milliseconds = (ms: number | undefined) => (ms === undefined ? "" : `${ms.toFixed(1)} ms`);

const rowOf = ({ kind, origin, first_ms: first, again_ms: again, error }: PathPing): string[] => [
  kind,
  origin,
  error ?? milliseconds(first),
  milliseconds(again),
];

const disposable = (agent: Agent) => ({ agent, [Symbol.asyncDispose]: () => agent.destroy() });
