/** The registry: takes heartbeats in, and says which nodes are there. */
import type { Clock } from "../../base/clock.ts";
import { addressKind } from "../../host/address-kind.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Heartbeat, NodeSnapshot, NodeStatus, Peer } from "../../protocol/node.ts";
import { oldestProtocolVersion } from "../../protocol/version.ts";
import type { Node } from "../accounts/node-store.ts";
import { tariffOf, type FittedRates, type Tariff } from "../ledger/tariff.ts";
import { listedHosts, type AddressPolicy } from "./addresses.ts";
import { isListed, isLive, lacksSnapshot, nextLease, type Lease } from "./lease.ts";
import type { Leases } from "./leases.ts";
import type { PresenceWatch } from "../reputation/presence.ts";
import { modelsThatFit } from "../verification/proven-memory.ts";
import { peerOf } from "./peer.ts";

export interface RegistryOptions {
  leases: Leases;
  clock: Clock;
  addressPolicy: AddressPolicy;
  heartbeatMs: number;
  /** Whether clients may be sent to a relay that a node names: else it could point them at any URL. */
  isRelayAllowed?: (url: string) => boolean;
  /** Prices that receipts have shown; without it all come from sizes. */
  fittedRates?: () => FittedRates;
  /** What nodes' records are worth; without it nothing is said of them. */
  reputationOf?: (node: string) => number;
  /** Told of each beat. */
  presence?: Pick<PresenceWatch, "beat">;
}

export interface ListedNode {
  lease: Lease;
  snapshot: NodeSnapshot;
  peer: Peer;
}

export interface Listing {
  nodes: ListedNode[];
  tariff: Tariff;
  /** Nobody who is there can have gone unheard since the start. */
  isComplete: boolean;
}

/** Of ten thousand nodes it takes a second of everybody's time, and anybody may ask: a tenth of the time at most. */
const sharedTimes = 10;

export type Registry = ReturnType<typeof createRegistry>;

export function createRegistry(options: RegistryOptions) {
  const { leases, clock, addressPolicy, heartbeatMs, fittedRates } = options;
  const { isRelayAllowed = () => false, reputationOf, presence } = options;
  const leaseMs = heartbeatMs * limits.heartbeatsPerLease;
  // Leases that others share by Redis are known at once, but Redis may be as new as this process.
  const completeFrom = clock.monotonic() + leaseMs;
  /** Of all nodes, being made or made not long ago; on the monotonic clock. */
  let shared: { listing: Promise<Listing>; until: number } | undefined;

  return {
    /**
     * Renews a node's lease.
     * @param source IP address that the beat came from
     * @returns whether the full snapshot must be sent again
     * @throws TroopError `upgrade_required`, `invalid_address`, `stale_heartbeat`
     */
    async beat(node: Node, beat: Heartbeat, source: string): Promise<{ resend: boolean }> {
      if (beat.protocol < oldestProtocolVersion) {
        throw new TroopError("upgrade_required", undefined, {
          details: { oldest_protocol: oldestProtocolVersion },
        });
      }
      const snapshot = beat.snapshot && withAllowedRelays(beat.snapshot);
      const previous = await leases.read(node.id);
      const renewal = nextLease(previous, beat, {
        node: node.id,
        owner: node.owner,
        jwk: node.jwk,
        multiplier: node.multiplier,
        provenance: node.hardware?.provenance,
        memoryBytes: node.hardware?.memory?.bytes,
        quarantinedUntil: node.quarantinedUntil,
        hosts: snapshot ? hostsOf(snapshot, source) : (previous?.hosts ?? []),
        endsAt: clock.now() + leaseMs,
      });
      if (renewal.kind === "stale") throw staleAfter(renewal);
      const held = await leases.write(renewal.lease, snapshot);
      // Another replica took a later one in meanwhile.
      if (held !== renewal.lease) throw staleAfter(held);
      presence?.beat(node.id, previous);
      return { resend: lacksSnapshot(held) };
    },

    /**
     * Nodes that may be offered now, with the prices that follow from what they all claim.
     * @param model only nodes that offer it; of all, callers share one listing for ten times as long as it took
     */
    list: (model?: string): Promise<Listing> =>
      model === undefined ? listAll() : listOffering(model),

    /** Ids of all nodes that may be offered now: without their prices, which take a hundred times as long. */
    async listedNodes(): Promise<string[]> {
      const now = clock.now();
      const held = await leases.live(now);
      return held.filter(({ lease }) => isListed(lease, now)).map(({ lease }) => lease.node);
    },

    /** Whether a node may be offered at all now, whatever its models. */
    async isListed(node: string): Promise<boolean> {
      const lease = await leases.read(node);
      return lease !== undefined && isListed(lease, clock.now());
    },

    /** What a live node said last of what it does; undefined where it is away. */
    async statusOf(node: string): Promise<NodeStatus | undefined> {
      const lease = await leases.read(node);
      return lease && isLive(lease, clock.now()) ? lease.status : undefined;
    },

    /** Holds that a live node works on; undefined where the node is away, so that nothing is known. */
    async runningHolds(node: string): Promise<ReadonlySet<string> | undefined> {
      const lease = await leases.read(node);
      return lease && isLive(lease, clock.now()) ? new Set(lease.running) : undefined;
    },
  };

  function listAll(): Promise<Listing> {
    const begun = clock.monotonic();
    if (shared && begun < shared.until) return shared.listing;
    const own = { listing: listOffering(undefined), until: Infinity };
    shared = own;
    const made = () => {
      const now = clock.monotonic();
      own.until = now + sharedTimes * (now - begun);
    };
    own.listing.then(made, () => (own.until = -Infinity));
    return own.listing;
  }

  async function listOffering(model: string | undefined): Promise<Listing> {
    const now = clock.now();
    const isComplete = clock.monotonic() >= completeFrom;
    const offering = (await leases.live(now)).flatMap(({ lease, snapshot: stated }) => {
      if (!stated || !isListed(lease, now)) return [];
      const snapshot = { ...stated, models: modelsThatFit(stated.models, lease.memoryBytes) };
      return offersModel(snapshot, model) ? [{ lease, snapshot }] : [];
    });
    const tariff = tariffOf(
      offering.map(({ lease, snapshot }) => ({ owner: lease.owner, models: snapshot.models })),
      fittedRates?.(),
    );
    return {
      nodes: offering.map(({ lease, snapshot }) => ({
        lease,
        snapshot,
        peer: {
          ...peerOf(lease, snapshot, tariff),
          ...(reputationOf ? { reputation: reputationOf(lease.node) } : {}),
        },
      })),
      tariff,
      isComplete,
    };
  }

  function withAllowedRelays({ relays = [], ...snapshot }: NodeSnapshot): NodeSnapshot {
    const allowed = relays.filter(isRelayAllowed);
    return allowed.length > 0 ? { ...snapshot, relays: allowed } : snapshot;
  }

  function hostsOf({ hosts: stated, relays = [] }: NodeSnapshot, source: string): string[] {
    // Who is behind a relay may listen nowhere that others could dial, and then where its beat came from is no address.
    const isLocalOnly =
      stated.length > 0 && stated.every((host) => addressKind(host) === "loopback");
    const isElsewhere = addressKind(source) !== "loopback";
    const isRelayedOnly = relays.length > 0 && isLocalOnly && isElsewhere;
    const hosts = isRelayedOnly ? [] : listedHosts(addressPolicy, source, stated);
    if (hosts.length > 0 || relays.length > 0) return hosts;
    throw new TroopError(
      "invalid_address",
      `This coordinator lists ${addressPolicy} addresses only, and the node stated none.`,
    );
  }
}

const staleAfter = ({ started, counter }: Pick<Lease, "started" | "counter">): TroopError =>
  new TroopError("stale_heartbeat", undefined, { details: { started, counter } });

const offersModel = ({ models }: NodeSnapshot, model: string | undefined): boolean =>
  model === undefined || models.some(({ name }) => name === model);
