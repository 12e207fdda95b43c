/** As much of a coordinator as a worker meets: real signatures both ways, and answers that a test decides. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
} from "jose";
import type { Clock } from "../../../src/base/clock.ts";
import { type ErrorCode, TroopError } from "../../../src/protocol/error-codes.ts";
import {
  type Heartbeat,
  type HeartbeatAnswer,
  heartbeatSchema,
} from "../../../src/protocol/node.ts";
import { checkProof } from "../../../src/protocol/proof.ts";
import {
  closeBody,
  type CloseBody,
  type Line,
  receiptBody,
  statementsRequest,
} from "../../../src/protocol/receipt.ts";
import { createSecretTree, type SecretTree } from "../../../src/protocol/secrets.ts";
import { verifier } from "../../../src/protocol/signature.ts";
import { checkStatement, type Enrolment, enrolmentBody } from "../../../src/protocol/statement.ts";
import { type TicketClaims, ticketType } from "../../../src/protocol/ticket.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";

export interface TestTicket {
  token: string;
  claims: TicketClaims;
  tree: SecretTree;
  /** Of the key that its requests are sealed to. */
  statement: string;
}

/** A heartbeat's order as a `stale_heartbeat` states it. */
export type Refusal = { code: ErrorCode; details?: Record<string, number> };

export interface CoordinatorStub extends AsyncDisposable {
  readonly url: string;
  readonly beats: Mailbox<Heartbeat>;
  readonly enrolments: Mailbox<Enrolment>;
  readonly lines: Mailbox<{ hold: string; line: Line }>;
  readonly closes: Mailbox<CloseBody>;
  /** What heartbeats are answered with from now on. */
  answer: HeartbeatAnswer;
  /** While it is, every call is hung up on. */
  isDown: boolean;
  /** Paths of the calls that were hung up on. */
  readonly missed: Mailbox<string>;
  /** The next call of this path is refused. */
  refuse(path: string, refusal: Refusal): void;
  /** Nodes that heartbeats are taken from; enrolling adds to them. */
  readonly nodes: Set<string>;
  ticket(claims: Partial<TicketClaims> & { aud: string }): Promise<TestTicket>;
  /** The ticket, to be sealed to the key that the node stated last. */
  resealed(ticket: TestTicket): TestTicket;
  /** From now on tickets are signed with a new key, of which heartbeats tell. */
  rotateKeys(): Promise<void>;
}

async function newKey(): Promise<{ kid: string; privateKey: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { modulusLength: 2_048 });
  const kid = randomUUID();
  return {
    kid,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" },
  };
}

export async function startCoordinatorStub(clock: Clock): Promise<CoordinatorStub> {
  const beats = createMailbox<Heartbeat>();
  const enrolments = createMailbox<Enrolment>();
  const lines = createMailbox<{ hold: string; line: Line }>();
  const closes = createMailbox<CloseBody>();
  const missed = createMailbox<string>();
  const nodes = new Set<string>();
  const refusals = new Map<string, Refusal>();
  let key = await newKey();
  let held: string | undefined;
  let statement = "";

  const prove = async (request: IncomingMessage, body: string) => {
    const call = { method: request.method!, url: stub.url + request.url!, body };
    return (await checkProof(verifier, request.headers.dpop as string, call, clock.now())).id;
  };
  const routes: Record<string, (request: IncomingMessage, body: string) => Promise<object>> = {
    "/.well-known/jwks.json": async () => ({ keys: [key.jwk] }),
    "/health": async () => ({
      ...{ status: "ok", service: "monkey-troop-coordinator", version: "0.0.0" },
    }),
    async "/nodes"(request, body) {
      const node = await prove(request, body);
      const { enrolment } = JSON.parse(body) as { enrolment: string };
      const type = "troop-enrolment+jwt";
      const refusal = "invalid_enrolment";
      const statement = await checkStatement(
        verifier,
        enrolment,
        type,
        stub.url,
        enrolmentBody,
        refusal,
      );
      if (statement.body.node !== node || statement.signer !== statement.body.owner)
        throw new TroopError(refusal);
      nodes.add(node);
      enrolments.put(statement.body);
      return { node_id: node, owner: statement.signer, multiplier: stub.answer.multiplier };
    },
    async "/heartbeat"(request, body) {
      if (!nodes.has(await prove(request, body))) throw new TroopError("node_unknown");
      const beat = heartbeatSchema.parse(JSON.parse(body));
      if (beat.snapshot) held = beat.snapshot_id;
      statement = beat.snapshot?.key_statement ?? statement;
      beats.put(beat);
      return { ...stub.answer, resend: stub.answer.resend || held !== beat.snapshot_id };
    },
    async "/receipts"(_request, body) {
      const { statements } = statementsRequest.parse(JSON.parse(body));
      const outcomes = await Promise.all(statements.map(settle));
      return { outcomes };
    },
  };
  async function settle(jws: string) {
    if (decodeProtectedHeader(jws).typ === "troop-close+jwt") return close(jws);
    const type = "troop-receipt+jwt";
    const refusal = "invalid_signature";
    const { body } = await checkStatement(verifier, jws, type, stub.url, receiptBody, refusal);
    for (const line of body.lines) lines.put({ hold: body.hold, line });
    const outcomes = body.lines.map(({ k }) => ({ k, outcome: "vesting" }));
    return { status: "accepted", hold: body.hold, lines: outcomes };
  }

  async function close(jws: string) {
    const refusal = "invalid_signature";
    const type = "troop-close+jwt";
    const { body } = await checkStatement(verifier, jws, type, stub.url, closeBody, refusal);
    closes.put(body);
    return { status: "accepted", hold: body.hold, lines: [] };
  }

  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "troop-time": String(clock.now()) });
      response.end(JSON.stringify(body));
    };
    const handle = async () => {
      const body = await text(request);
      if (stub.isDown) {
        missed.put(request.url!);
        request.socket.destroy();
        return;
      }
      const refusal = refusals.get(request.url!);
      refusals.delete(request.url!);
      try {
        if (refusal)
          throw new TroopError(refusal.code, undefined, { details: refusal.details ?? {} });
        answer(200, await routes[request.url!]!(request, body));
      } catch (error) {
        const { code, message, status, details } =
          error instanceof TroopError ? error : new TroopError("internal_error", String(error));
        const fields = { message, type: "test", param: null, code, details };
        answer(status, { error: fields, request_id: randomUUID() });
      }
    };
    void handle();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const stub: CoordinatorStub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ beats, enrolments, lines, closes, missed, nodes, isDown: false },
    answer: {
      ...{ interval_ms: 10_000, resend: false, key_set: key.kid, revoked: [] },
      ...{ multiplier: "1.0000", oldest_protocol: 1 },
    },
    refuse: (path, refusal) => void refusals.set(path, refusal),
    async ticket(claims) {
      const tree = createSecretTree(crypto.getRandomValues(new Uint8Array(32)));
      const iat = Math.floor(clock.now() / 1_000);
      const whole: TicketClaims = {
        ...{ iss: stub.url, target_node: claims.aud, sub: "pseudonym", jti: randomUUID() },
        ...{ iat, nbf: iat, exp: iat + 300, anchor: tree.anchor, model: "test-model" },
        ...{ budget: "10.000000", multiplier: "1.0000", max_seconds: 1_800, own: false },
        rate: {
          per_second: "1.000000000000",
          per_prompt_token: "0.000100000000",
          per_completion_token: "0.001000000000",
        },
        ...claims,
      };
      const token = await new SignJWT({ ...whole })
        .setProtectedHeader({ alg: "RS256", typ: ticketType, kid: key.kid })
        .sign(key.privateKey);
      return { token, claims: whole, tree, statement };
    },
    resealed: (ticket) => ({ ...ticket, statement }),
    async rotateKeys() {
      key = await newKey();
      stub.answer = { ...stub.answer, key_set: key.kid };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return stub;
}
