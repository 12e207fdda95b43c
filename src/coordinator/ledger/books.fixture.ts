/** Books to try the ledger on: accounts with credits, holds, and both sides' lines, in plain words. */
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { digestOf, toBase64url } from "../../protocol/bytes.ts";
import { formatCredits, microPerCredit, type Micro } from "../../protocol/credits.ts";
import { nameUuid } from "../../protocol/ids.ts";
import { costOf, type Rate } from "../../protocol/price.ts";
import {
  lineHash,
  type AcknowledgedLine,
  type Line,
  type StatementOutcome,
} from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree, type SecretTree } from "../../protocol/secrets.ts";
import { insertAccount } from "../accounts/store.ts";
import { openDatabase, type Database } from "../database.ts";
import { migrateUp } from "../migrations/migrate.ts";
import type { Hold, NewHold } from "./hold-store.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { LedgerStore } from "./ledger-store.ts";
import { createSqlStore } from "./sql-store.ts";

export const credits = (amount: number): Micro => BigInt(Math.round(amount * 1e6));
/** One credit a second; tokens so dear that time decides. */
export const byTheSecond: Rate = {
  perSecond: microPerCredit * 1_000_000n,
  perPromptToken: 10n ** 15n,
  perCompletionToken: 10n ** 15n,
};

export interface TestHold extends Hold {
  tree: SecretTree;
}

export interface Books extends AsyncDisposable {
  ledger: Ledger;
  /** Starts at some instant; tests set it. */
  now: number;
  /** A new account with this many starter credits. */
  account(amount?: number): Promise<string>;
  newHold(fields: Partial<NewHold> & Pick<NewHold, "account" | "payee">): NewHold;
  hold(fields: Partial<NewHold> & Pick<NewHold, "account" | "payee">): Promise<TestHold>;
  receive(hold: TestHold, ...lines: Line[]): Promise<StatementOutcome>;
  acknowledge(hold: TestHold, ...lines: AcknowledgedLine[]): Promise<StatementOutcome>;
  posted(account: string): Promise<Micro>;
}

export const node = "node-of-the-provider";
const seed = new Uint8Array(32).fill(7);
const sharedTree = createSecretTree(seed);

export interface SqlBooks extends Books {
  database: Database;
}

/** @param url a fresh PostgreSQL database; without it PGlite in memory */
export async function openBooks(url?: string): Promise<SqlBooks> {
  const database = await openDatabase(
    { url, folder: undefined, poolSize: 20 },
    createLog("silent"),
  );
  await migrateUp(database);
  const books = await booksOver(
    createSqlStore(database),
    async (id, now) =>
      void (await insertAccount(database, id, { kty: "OKP", crv: "Ed25519", x: "x" }, now)),
    () => database.destroy(),
  );
  return Object.assign(books, { database });
}

/** @param addAccount makes an empty account, and the one where its earnings vest */
export async function booksOver(
  store: LedgerStore,
  addAccount: (id: string, now: number) => Promise<void>,
  dispose: () => Promise<void>,
): Promise<Books> {
  const faucetDaily = credits(10_000_000);
  const ledgerWith = (amount: number) =>
    createLedger({ store, starterCredits: credits(amount), faucetDaily });
  const ledger = ledgerWith(1_000);
  await ledger.refill(1_800_000_000_000);
  let statements = 0;
  /** Of the shape of a signed text, so that the audit reads it. */
  const statementOf = (signer: string, body: object) => {
    const part = (value: object) => toBase64url(Buffer.from(JSON.stringify(value)));
    const jws = `${part({ number: (statements += 1) })}.${part(body)}.c2ln`;
    return { id: digestOf(jws), signer, jws };
  };

  const books: Books = {
    ledger,
    now: 1_800_000_000_000,
    async account(amount = 1_000) {
      const id = systemRandom.uuid();
      await addAccount(id, books.now);
      if (amount > 0) await ledgerWith(amount).grant(id, books.now);
      return id;
    },
    newHold: (fields) => ({
      id: nameUuid("hold", systemRandom.uuid()),
      node,
      model: "a-model",
      modelDigest: null,
      amount: credits(100),
      multiplier: 10_000,
      rate: byTheSecond,
      anchor: sharedTree.anchor,
      maxSeconds: 1_800,
      bodyHash: "body",
      openedAt: books.now,
      ticketExpiresAt: books.now + 300_000,
      expiresAt: books.now + 3_000_000,
      ...fields,
    }),
    async hold(fields) {
      const opened = await ledger.openHold(books.newHold(fields));
      if (opened.outcome === "insufficient") throw new Error("the test's account is too poor");
      return { ...opened.hold, tree: sharedTree };
    },
    receive: (hold, ...lines) =>
      ledger.receive(
        { hold: hold.id, lines },
        statementOf(hold.node, { hold: hold.id, lines }),
        books.now,
      ),
    acknowledge: (hold, ...lines) =>
      ledger.acknowledge(
        { hold: hold.id, lines },
        statementOf(hold.account, { hold: hold.id, lines }),
        hold.account,
        books.now,
      ),
    posted: async (account) => (await ledger.balance(account))!.posted,
    [Symbol.asyncDispose]: dispose,
  };
  return books;
}

/** The worker's line for request `k`; claims what the rate says unless told otherwise. */
export function lineOf(hold: TestHold, k: number, fields: Partial<Line> = {}): Line {
  const line: Line = {
    ...hold.tree.reveal(k),
    started: hold.openedAt,
    ended: hold.openedAt + 5_000,
    billed_ms: 5_000,
    first_token_ms: 100,
    prompt_tokens: 10,
    completion_tokens: 20,
    estimated: false,
    finish: "stop",
    cost: "0.000000",
    ...someHashes,
    ...fields,
  };
  const cost = costOf(
    {
      billedMs: line.billed_ms,
      promptTokens: line.prompt_tokens,
      completionTokens: line.completion_tokens,
    },
    hold.rate,
  );
  return { ...line, cost: fields.cost ?? formatCredits(cost) };
}

/** The client's word on a line that it saw. */
export const seen = (
  line: Line,
  fields: Partial<Extract<AcknowledgedLine, { verdict: "ok" | "differs" }>> = {},
): AcknowledgedLine => ({
  k: line.k,
  verdict: "ok",
  line_hash: lineHash(line),
  billed_ms: line.billed_ms + 2_000,
  prompt_tokens: 1_000,
  completion_tokens: 1_000,
  ...fields,
});

/** `["settled", "5.000000"]` for each line. */
export const outcomes = (outcome: StatementOutcome) =>
  outcome.status === "accepted"
    ? outcome.lines.map((line) => [line.outcome, line.paid])
    : outcome.code;
