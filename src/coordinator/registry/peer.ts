/** A node as clients see it in lists: without addresses, those come with a ticket. Pure. */
import { formatMultiplier, formatRate } from "../../protocol/credits.ts";
import type { NodeSnapshot, Peer } from "../../protocol/node.ts";
import { formatRates, perSecondRate } from "../../protocol/price.ts";
import { rateFor, type Tariff } from "../ledger/tariff.ts";
import { hostPort } from "./addresses.ts";
import type { Lease } from "./lease.ts";

export const peerOf = (lease: Lease, snapshot: NodeSnapshot, tariff: Tariff): Peer => ({
  node_id: lease.node,
  owner: lease.owner,
  status: lease.status,
  slots: lease.slots,
  addresses: [],
  relay: [],
  models: snapshot.models.map((model) => ({
    ...model,
    price: formatRates(rateFor(tariff, model.name, lease.multiplier)),
  })),
  multiplier: formatMultiplier(lease.multiplier),
  provenance: lease.provenance ?? "unproven",
  price: formatRate(perSecondRate(lease.multiplier)),
  jwk: lease.jwk,
  version: snapshot.version,
});

/** As it is described beside a ticket: where it is, and what to seal to. */
export const introduced = (peer: Peer, lease: Lease, snapshot: NodeSnapshot): Peer => ({
  ...peer,
  ...(snapshot.key_statement === undefined ? {} : { key_statement: snapshot.key_statement }),
  addresses: lease.hosts.map((host) => hostPort(host, snapshot.port)),
  relay: snapshot.relays ?? [],
});
