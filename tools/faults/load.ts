/** Requesters and a node that never rest: tickets, receipts and acknowledgements, each repeated until it is answered. */
import { exportJWK, generateKeyPair } from "jose";
import { setTimeout as pause } from "node:timers/promises";
import { Agent } from "undici";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { createCoordinatorClient } from "../../src/host/coordinator-client.ts";
import { digestOf } from "../../src/protocol/bytes.ts";
import { formatCredits, parseCredits } from "../../src/protocol/credits.ts";
import { authorizeAnswer, enrolNodeAnswer } from "../../src/protocol/endpoints.ts";
import { TroopError } from "../../src/protocol/error-codes.ts";
import { heartbeatAnswer } from "../../src/protocol/node.ts";
import { costOf, parseRates } from "../../src/protocol/price.ts";
import {
  lineHash,
  statementsAnswer,
  type Line,
  type StatementOutcome,
} from "../../src/protocol/receipt.ts";
import { createSecretTree } from "../../src/protocol/secrets.ts";
import { createSigner, type PublicJwk, type Signer } from "../../src/protocol/signature.ts";
import { createStatement } from "../../src/protocol/statement.ts";
import { insist, type Retries } from "./insist.ts";
import { model, nodeBeat } from "./node-beat.ts";

/** What the coordinator said of a request, and what it should cost. */
export interface Answered {
  hold: string;
  k: number;
  payer: string;
  cost: bigint;
  /** True once an answer said that it is settled. */
  isAcknowledged: boolean;
  paid: bigint;
}

export interface Load extends AsyncDisposable {
  readonly answered: Map<string, Answered>;
  readonly retries: Retries;
  /** How many settlements the coordinator has confirmed. @throws what ended a requester's work, if anything did */
  settled(): number;
  /** Resolves once a ticket was given: the coordinator authorizes. */
  authorize(): Promise<void>;
  /** Lets every request end, however often it must be repeated. */
  finish(): Promise<void>;
}

const requesters = 6;
const linesPerTicket = 4;
const beatMs = 200;
const figures = { prompt_tokens: 100_000, completion_tokens: 100_000 };

export async function startLoad(url: string): Promise<Load> {
  const dispatcher = new Agent({ connections: 16 });
  const client = createCoordinatorClient({
    ...{ url, dispatcher, clock: systemClock, random: systemRandom },
  });
  const retries: Retries = { retried: 0, converged: 0 };
  const answered = new Map<string, Answered>();
  let settled = 0;
  let isStopping = false;
  const [node, owner] = [await makeSigner(), await makeSigner()];

  const state = (signer: Signer, type: Parameters<typeof createStatement>[1], body: object) =>
    createStatement(signer, type, url, client.time.now(), body);

  const enrol = async () =>
    client.call({
      ...{ method: "POST", path: "/nodes", signer: node, answer: enrolNodeAnswer },
      body: {
        enrolment: await state(owner, "troop-enrolment+jwt", { node: node.id, owner: owner.id }),
      },
    });
  const beat = nodeBeat((body) =>
    client.call({
      ...{ method: "POST", path: "/heartbeat", body, signer: node, answer: heartbeatAnswer },
    }),
  );

  const authorize = (payer: Signer, id: string, anchor: string) =>
    insist(retries, () =>
      client.call({
        ...{ method: "POST", path: "/authorize", signer: payer, answer: authorizeAnswer },
        body: { id, model, anchor },
      }),
    );

  async function tell(path: string, statement: string): Promise<StatementOutcome> {
    const body = { statements: [statement] };
    const { outcomes } = await insist(retries, () =>
      client.call({ method: "POST", path, body, answer: statementsAnswer }),
    );
    return outcomes[0]!;
  }

  function note(outcome: StatementOutcome): void {
    if (outcome.status !== "accepted") throw new Error(`a statement was refused: ${outcome.code}`);
    for (const { k, outcome: said, paid } of outcome.lines) {
      const request = answered.get(`${outcome.hold}.${k}`)!;
      if (said !== "settled") continue;
      if (!request.isAcknowledged) settled += 1;
      request.isAcknowledged = true;
      request.paid = parseCredits(paid ?? "0.000000");
    }
  }

  /** One ticket used up. */
  async function useTicket(payer: Signer): Promise<void> {
    const tree = createSecretTree(systemRandom.bytes(32));
    const { hold, rate } = await authorize(payer, systemRandom.uuid(), tree.anchor);
    const now = client.time.now();
    const lines = Array.from({ length: linesPerTicket }, (_, index): Line => {
      const billedMs = 200 + 100 * index;
      const cost = costOf(
        { billedMs, promptTokens: 100_000, completionTokens: 100_000 },
        parseRates(rate),
      );
      const k = index + 1;
      answered.set(`${hold}.${k}`, {
        ...{ hold, k, payer: payer.id, cost, isAcknowledged: false, paid: 0n },
      });
      return {
        ...{ ...tree.reveal(k), started: now, ended: now + billedMs, billed_ms: billedMs },
        ...{ first_token_ms: 10, ...figures, estimated: false, finish: "stop" },
        cost: formatCredits(cost),
        ...{ request_hash: digestOf(`request ${k}`), response_hash: digestOf(`answer ${k}`) },
      };
    });
    const words = lines.map((line) => ({
      ...{ k: line.k, verdict: "ok", line_hash: lineHash(line), ...figures },
      billed_ms: line.billed_ms + 2_000,
    }));
    const receipt = await state(node, "troop-receipt+jwt", { hold, lines });
    const word = await state(payer, "troop-acknowledgement+jwt", { hold, lines: words });
    const sayings = [
      () => tell("/receipts", receipt),
      () => tell("/acknowledgements", word),
    ] as const;
    const isWordFirst = systemRandom.fraction() < 0.3;
    for (const say of isWordFirst ? sayings.toReversed() : sayings) note(await say());
  }

  await enrol();
  await beat();
  const beating = (async () => {
    for (; !isStopping; await pause(beatMs)) await beat().catch(() => undefined);
  })();
  const working = Array.from({ length: requesters }, async () => {
    let payer = await makeSigner();
    while (!isStopping) {
      try {
        await useTicket(payer);
      } catch (error) {
        if (!isBroke(error)) throw error;
        // Starter credits come to an end: somebody new goes on.
        payer = await makeSigner();
      }
    }
  });
  let failure: { reason: unknown } | undefined;
  for (const work of working) work.catch((reason: unknown) => (failure ??= { reason }));
  const prober = await makeSigner();
  return {
    answered,
    retries,
    settled() {
      if (failure) throw failure.reason;
      return settled;
    },
    async authorize() {
      const { anchor } = createSecretTree(systemRandom.bytes(32));
      await authorize(prober, systemRandom.uuid(), anchor);
    },
    async finish() {
      isStopping = true;
      await Promise.all([...working, beating]);
    },
    async [Symbol.asyncDispose]() {
      isStopping = true;
      await dispatcher.destroy();
    },
  };
}

const isBroke = (error: unknown): boolean =>
  error instanceof TroopError && error.code === "insufficient_credits";

async function makeSigner(): Promise<Signer> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
}
