/** A relay with real sockets on both sides: workers that answer as a test says, clients that post what it says. */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { connect } from "node:net";
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { exportJWK, generateKeyPair } from "jose";
import { createFakeClock, type FakeClock } from "../../test/support/fake-clock.ts";
import {
  type CoordinatorStub,
  startCoordinatorStub,
} from "../../test/support/fake-engine/coordinator-stub.ts";
import { createMailbox, type Mailbox } from "../../test/support/fake-engine/mailbox.ts";
import type { Clock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { createLog } from "../host/log.ts";
import { urlOf } from "../host/listen.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { createProof } from "../protocol/proof.ts";
import { createSigner, type PublicJwk, type Signer } from "../protocol/signature.ts";
import type { TicketClaims } from "../protocol/ticket.ts";
import { sealedMediaType } from "../protocol/version.ts";
import { createDial } from "../worker/relay/dial.ts";
import { createRelays } from "../worker/relay/relays.ts";
import { readRelayConfig, type RelayOverrides } from "./config.ts";
import { type RelayProcess, startRelay } from "./start.ts";

export const proofFor = (signer: Signer, url: string, now: number): Promise<string> =>
  createProof(signer, systemRandom, now, { method: "GET", url: `${url}/relay` });

export interface RelayFixture extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly coordinator: CoordinatorStub;
  readonly relay: RelayProcess;
  /** Where it listens, whatever it is called. */
  readonly url: string;
  token(node: Signer, claims?: Partial<TicketClaims>): Promise<string>;
  /** Begins a request; the caller writes its body. */
  post(
    node: Signer | string,
    token: string,
    headers?: Readonly<Record<string, string>>,
  ): ClientRequest;
}

export async function startRelayFixture(
  overrides: RelayOverrides = {},
  clock = createFakeClock(),
  tracer?: Tracer,
): Promise<RelayFixture> {
  await using stack = new AsyncDisposableStack();
  const coordinator = stack.use(await startCoordinatorStub(clock));
  const config = readRelayConfig(
    {},
    { coordinatorUrl: coordinator.url, listen: { host: "127.0.0.1", port: 0 }, ...overrides },
  );
  const relay = stack.use(
    await startRelay(config, { clock, random: systemRandom, log: createLog("silent"), tracer }),
  );
  const url = urlOf(relay.address);
  const all = stack.move();
  return {
    ...{ clock, coordinator, relay, url },
    token: async (node, claims = {}) =>
      (await coordinator.ticket({ aud: node.id, ...claims })).token,
    post: (node, token, headers) =>
      postThrough(url, typeof node === "string" ? node : node.id, token, headers),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** @param node its id */
export function postThrough(
  url: string,
  node: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): ClientRequest {
  const request = httpRequest(`${url}/relay/${node}/infer`, {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${token}`, "content-type": sealedMediaType, ...headers },
  });
  request.on("error", () => undefined);
  request.flushHeaders();
  return request;
}

export const answerTo = async (request: ClientRequest): Promise<IncomingMessage> =>
  ((await once(request, "response")) as [IncomingMessage])[0];

/** A worker's end of the relay's connection, without the worker. */
export interface FixtureWorker {
  readonly node: Signer;
  /** Requests as they come. */
  readonly streams: Mailbox<ServerHttp2Stream>;
  /** And their headers. */
  readonly headers: Mailbox<IncomingHttpHeaders>;
  /** Connections as they are made. */
  readonly sessions: Mailbox<ServerHttp2Session>;
  /** The list of connected relays, whenever it changes. */
  readonly changes: Mailbox<string[]>;
  /** Hangs up and does not come back; resolves when that is done. */
  stop(): Promise<void>;
}

export async function connectWorker(
  urls: readonly string[],
  clock: Clock,
  given?: Signer,
): Promise<FixtureWorker> {
  const node = given ?? (await createNodeSigner());
  const streams = createMailbox<ServerHttp2Stream>();
  const headers = createMailbox<IncomingHttpHeaders>();
  const sessions = createMailbox<ServerHttp2Session>();
  const changes = createMailbox<string[]>();
  const stopping = new AbortController();
  const relays = createRelays({
    ...{ urls, clock, random: systemRandom, log: createLog("silent") },
    dial: createDial({ node, clock, random: systemRandom, now: clock.now }),
    serve: (session) => {
      sessions.put(session);
      session.on("stream", (stream, sent) => {
        headers.put(sent);
        stream.on("error", () => undefined);
        streams.put(stream);
      });
    },
    onChange: () => changes.put(relays.connected()),
  });
  await relays.begin(stopping.signal);
  return {
    ...{ node, streams, headers, sessions, changes },
    stop() {
      // First, because one that is ending already would wait for the other side.
      for (const session of sessions.all) session.destroy();
      stopping.abort();
      return relays.ended();
    },
  };
}

export async function createNodeSigner(): Promise<Signer> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
}

/** Asks for an upgrade, byte by byte, and says nothing more. */
export function knock(url: string, headers: Readonly<Record<string, string>>) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host: "relay", ...headers, connection: "Upgrade" });
  socket.write(
    `GET /relay HTTP/1.1\r\n${lines.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n`,
  );
  let heard = Buffer.alloc(0);
  socket.on("data", (chunk) => (heard = Buffer.concat([heard, chunk])));
  socket.on("error", () => undefined);
  return {
    /** All that is said until the other side hangs up. */
    all: closeOf(socket).then(() => String(heard)),
    answer: once(socket, "data").then(([chunk]) => String(chunk as Buffer)),
    /** Resolves with the length of what came so far, once it is more than `bytes`. */
    async heard(bytes: number): Promise<number> {
      while (heard.length <= bytes) await once(socket, "data");
      return heard.length;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Resolves when it is over, be it by an error: `once` would reject with that. */
export const closeOf = (ended: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => void ended.once("close", () => resolve()));
