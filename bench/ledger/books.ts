/** Books to work on: accounts with plenty, and holds and lines as they come in. */
import { sql } from "kysely";
import { systemRandom } from "../../src/base/random.ts";
import { insertAccount } from "../../src/coordinator/accounts/store.ts";
import { openDatabase } from "../../src/coordinator/database.ts";
import { migrateUp } from "../../src/coordinator/migrations/migrate.ts";
import type { NewHold } from "../../src/coordinator/ledger/hold-store.ts";
import { createLedger, type Ledger } from "../../src/coordinator/ledger/ledger.ts";
import { createSqlStore } from "../../src/coordinator/ledger/sql-store.ts";
import { createLog } from "../../src/host/log.ts";
import { digestOf } from "../../src/protocol/bytes.ts";
import { nameUuid } from "../../src/protocol/ids.ts";
import type { Line, StatementOutcome } from "../../src/protocol/receipt.ts";
import { createSecretTree } from "../../src/protocol/secrets.ts";

export interface BenchBooks extends AsyncDisposable {
  ledger: Ledger;
  /** A hold of one of many requesters at one of many providers. */
  newHold(): NewHold;
  receive(hold: NewHold, lines: readonly Line[]): Promise<StatementOutcome>;
  /**
   * What a server that runs does by itself every minute, and pgbench before each of its runs: without it tables that
   * were empty a moment ago are still read as if they were.
   */
  tidy(): Promise<void>;
}

const accounts = 200;
const now = 1_800_000_000_000;
const tree = createSecretTree(new Uint8Array(32).fill(3));
const plenty = 10n ** 15n;

/** @param clients how many connections at most, as the reference has */
export async function openBenchBooks(url: string, clients: number): Promise<BenchBooks> {
  const config = { url, folder: undefined, poolSize: clients };
  const database = await openDatabase(config, createLog("silent"));
  await migrateUp(database);
  const store = createSqlStore(database);
  const ledger = createLedger({ store, starterCredits: plenty, faucetDaily: plenty * 1_000n });
  await ledger.refill(now);
  const ids = Array.from({ length: accounts }, () => systemRandom.uuid());
  for (const id of ids) {
    await insertAccount(database, id, { kty: "OKP", crv: "Ed25519", x: "x" }, now);
    await ledger.grant(id, now);
  }
  let opened = 0;
  let statements = 0;
  return {
    ledger,
    newHold() {
      opened += 1;
      const account = ids[Math.floor(systemRandom.fraction() * accounts)]!;
      const payee = ids[(ids.indexOf(account) + 1 + (opened % (accounts - 1))) % accounts]!;
      return {
        ...{ id: nameUuid("hold", String(opened)), account, payee, node: `node of ${payee}` },
        ...{ model: "a-model", modelDigest: null, amount: 300_000_000n, multiplier: 10_000 },
        rate: { perSecond: 10n ** 12n, perPromptToken: 10n ** 9n, perCompletionToken: 10n ** 10n },
        ...{ anchor: tree.anchor, maxSeconds: 1_800, bodyHash: "body", openedAt: now },
        ...{ ticketExpiresAt: now + 300_000, expiresAt: now + 3_000_000 },
      };
    },
    receive(hold, lines) {
      statements += 1;
      const id = `statement ${statements}`.padEnd(43);
      // As long as a signed one.
      const jws = "x".repeat(600 * lines.length);
      const statement = { id, signer: hold.node, jws };
      return ledger.receive({ hold: hold.id, lines: [...lines] }, statement, now);
    },
    tidy: async () => void (await sql`vacuum analyze`.execute(database)),
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}

export const lineOf = (k: number): Line => ({
  ...tree.reveal(k),
  ...{ started: now, ended: now + 1_500, billed_ms: 1_500, first_token_ms: 100 },
  ...{ prompt_tokens: 400, completion_tokens: 300, estimated: false, finish: "stop" },
  cost: "1.500000",
  ...{ request_hash: digestOf(`request ${k}`), response_hash: digestOf(`answer ${k}`) },
});
