/**
 * The blind relay. A worker that nobody can reach dials out to it and keeps the connection; clients post their sealed
 * requests to `/relay/{node}/infer`, and they come out of that connection at the worker.
 *
 *   client ──POST /relay/{node}/infer──▶ source, ticket, quotas ──▶ the node's link ──▶ worker's POST /infer
 *   worker ──GET /relay, Upgrade────────▶ source, proof of the node's key ──▶ HTTP/2, the relay being its client
 *
 * It forwards bytes. It keeps nothing and logs no content.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Clock, deadline } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { createSourceOf, networkOf, type SourceOf } from "../host/client-address.ts";
import { checkFraming, pathOf } from "../host/framing.ts";
import type { Log } from "../host/log.ts";
import { serving } from "../host/observe/call.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { relayPath } from "../host/relay-session.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import type { Verifier } from "../protocol/signature.ts";
import { sealedMediaType } from "../protocol/version.ts";
import type { RelayLimits } from "./config.ts";
import { type Exchange, forward } from "./forward.ts";
import { createLinks, type Link } from "./links.ts";
import { createProveNode } from "./prove-node.ts";
import { createQuotas, type Quotas } from "./quotas.ts";
import { refuse, refuseUpgrade } from "./refuse.ts";
import { createSourceBuckets, type SourceBuckets } from "./source-buckets.ts";
import { createRelayTickets, type RelayTicketsParts } from "./tickets.ts";
import { createUpgrade, type Knock, upgradeKind } from "./upgrade.ts";

export interface RelayParts extends RelayTicketsParts {
  clock: Clock;
  random: Random;
  log: Log;
  verifier: Verifier;
  /** As workers and clients reach it. Known once its port is. */
  url: () => string;
  limits: RelayLimits;
  /** Who calls; without it whoever is at the other end. */
  sourceOf?: SourceOf;
  /** A coordinator's own, where the relay is inside one. */
  sources?: SourceBuckets;
  /** Of a relay of its own: inside a coordinator each call has its span already. */
  streamTracer?: Tracer | undefined;
}

/** In a trace of its own: clients tell no relay of theirs, by which it would learn which tickets are one person's. */
const streamSpan = { name: "POST /relay/:node/infer", kind: "server" } as const;

/** Disposing ends every stream. */
export interface Relay extends Disposable {
  /** A worker knocks. Never rejects. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void>;
  /** A client's `POST /relay/{node}/infer`, its framing checked. Never rejects. */
  infer(request: IncomingMessage, response: ServerResponse, node: string): Promise<void>;
  /** Takes nothing new, tells workers, and resolves once no stream runs: soon after 300 s at the latest. */
  drain(): Promise<void>;
  readonly nodes: number;
  readonly streams: number;
  /** Since it started. */
  readonly passed: Quotas["passed"];
}

type NewLink = Pick<Link, "node" | "provenAt" | "prefix">;

const drainRetryMs = 5_000;

export function createRelay(parts: RelayParts): Relay {
  const { clock, random, log, now } = parts;
  const tickets = createRelayTickets(parts);
  const { sourceOf = createSourceOf(), sources = createSourceBuckets({ clock }) } = parts;
  const quotas = createQuotas(parts.limits, clock.now);
  const prove = createProveNode(parts);
  const upgradeSocket = createUpgrade();
  const links = createLinks(clock, (node, isHere) =>
    log.info({ node }, isHere ? "a worker connected" : "a worker disconnected"),
  );
  const running = new Set<Promise<void>>();
  let isDraining = false;

  const draining = () =>
    new TroopError("draining", "The relay is about to stop.", { retryAfterMs: drainRetryMs });
  const asTroopError = (error: unknown, requestId: string) => {
    if (error instanceof TroopError) return error;
    log.error({ err: error, request_id: requestId }, "a relayed request failed");
    return new TroopError("internal_error");
  };

  async function pass(exchange: Exchange, node: string, requestId: string): Promise<void> {
    const { request, response } = exchange;
    const source = sourceOf(request);
    sources.charge(source);
    if (isDraining) throw draining();
    if (request.headers["content-type"] !== sealedMediaType)
      throw new TroopError("unsupported_media_type");
    const claims = await tickets.check(request.headers.authorization, node);
    // Whoever has a ticket is counted by it below: strangers of the same network must not be able to shut it out.
    sources.giveBack(source);
    // And fill nobody's collector.
    const call = { requestId, tracer: parts.streamTracer };
    const attributes = { "troop.node": node, "troop.request_id": requestId };
    await serving(call, undefined, { ...streamSpan, attributes }, async (span) => {
      const link = links.find(node);
      if (!link)
        throw new TroopError("node_unreachable", "The node is not connected to this relay.");
      const use = quotas.begin({
        ticket: claims.jti,
        ticketEndsAt: claims.exp * 1_000,
        pseudonym: claims.sub,
        prefix: networkOf(source),
      });
      try {
        await forward(exchange, link, use, clock);
      } finally {
        use.end();
      }
      if (response.headersSent) span?.set({ "http.response.status_code": response.statusCode });
      if (!response.writableFinished) span?.fail("gone");
    });
  }

  /** @throws TroopError `draining`, `invalid_proof`, `busy` */
  function checkPlace({ node, provenAt, prefix }: NewLink): void {
    if (isDraining) throw draining();
    const present = links.find(node);
    // Equal is not newer: it may be the very proof that the present one came with, replayed. Proofs state whole
    // seconds, so that a worker which dials twice within one gets its place with the next try.
    if (present && provenAt <= present.provenAt)
      throw new TroopError(
        "invalid_proof",
        "A proof of this node as new as this was already used.",
      );
    const isFull =
      links.size >= parts.limits.nodes ||
      (prefix !== undefined && links.from(prefix) >= limits.nodesPerAccount);
    if (isFull && !present)
      throw new TroopError("busy", "The relay holds as many nodes as it can.", {
        retryAfterMs: drainRetryMs,
      });
  }

  /** @throws TroopError why the worker does not get its connection */
  async function admit(knock: Knock): Promise<NewLink> {
    const { request } = knock;
    const source = sourceOf(request);
    sources.charge(source);
    checkFraming(request);
    if (pathOf(request.url ?? "") !== relayPath || request.method !== "GET")
      throw new TroopError("not_found");
    upgradeKind(knock);
    if (isDraining) throw draining();
    const { node, provenAt } = await prove(request);
    const link = { node, provenAt, prefix: networkOf(source) };
    checkPlace(link);
    return link;
  }

  /** @throws what there is no way to say any more: HTTP/1 is over on that connection */
  async function attach(knock: Knock, link: NewLink): Promise<void> {
    const upgraded = await upgradeSocket(knock);
    try {
      // HTTP/2 on a dead socket says neither that it failed nor that it closed.
      if (upgraded.destroyed) throw new Error("the worker went away");
      // Others may have knocked meanwhile, or the relay begun to stop.
      checkPlace(link);
      links.attach(link, upgraded);
    } catch (error) {
      upgraded.destroy();
      throw error;
    }
  }

  return {
    async upgrade(request, socket, head) {
      const requestId = random.uuid();
      // A worker that hangs up meanwhile is no fault of ours.
      socket.on("error", () => undefined);
      const knock = { request, socket, head };
      let link: NewLink;
      try {
        link = await admit(knock);
      } catch (error) {
        if (socket.destroyed) return;
        const context = { requestId, now: now() };
        return refuseUpgrade(clock, socket, asTroopError(error, requestId), context);
      }
      try {
        await attach(knock, link);
      } catch (error) {
        log.debug({ err: error, node: link.node }, "a worker's connection did not come about");
        socket.destroy();
      }
    },
    async infer(request, response, node) {
      const requestId = random.uuid();
      const work = pass({ request, response }, node, requestId).catch((error: unknown) =>
        refuse(response, asTroopError(error, requestId), { requestId, now: now() }),
      );
      running.add(work);
      await work;
      running.delete(work);
    },
    async drain() {
      isDraining = true;
      links.retire();
      using limit = deadline(clock, limits.drainMs, new Error("streams did not end in time"));
      limit.signal.addEventListener("abort", () => links.destroy());
      while (running.size > 0) await Promise.all(running);
      links.destroy();
    },
    get nodes() {
      return links.size;
    },
    get streams() {
      return quotas.open;
    },
    passed: quotas.passed,
    [Symbol.dispose]: () => links.destroy(),
  };
}
