/** The one door to the database: PGlite in the data folder by default, PostgreSQL where a URL is given. */
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import type { Log } from "../host/log.ts";
import { shellWord } from "../host/shell-word.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { cancelWithCall, type CancelStatement } from "./cancel-statements.ts";
import { notePool } from "./pool-use.ts";
import { prepareStatements } from "./prepared-statements.ts";
import { endWhereSilent, patiently } from "./silent-server.ts";
import { postgresWay } from "./verified-tls.ts";

/** Tables are described by the migrations; statements are hand-written and name the rows they return. */
export type Database = Kysely<unknown>;
/** On PGlite a query outside the open transaction waits for ever: within one, everything takes the `Tx`. */
export type Tx = Transaction<unknown>;

export interface DatabaseConfig {
  /** `postgres://…`; without it PGlite keeps the books in `folder`, or in memory where that is undefined too. */
  url: string | undefined;
  folder: string | undefined;
  poolSize: number;
}

const int8 = 20;
const connectWaitMs = 5_000;
/** Longer than any statement of ours on a sane server; it only ends what hangs. */
const statementTimeoutMs = 15_000;
const snapshotTimeoutMs = 30 * 60_000;
const oldestPostgres = 15;

/**
 * Opens the database and proves that it answers.
 * @throws TroopError `database_unreachable`
 */
export async function openDatabase(config: DatabaseConfig, log: Log): Promise<Database> {
  const database = config.url ? openPostgres(config.url, config.poolSize, log) : openPglite(config);
  try {
    const { rows } = await sql<{ version: number }>`
      select current_setting('server_version_num')::int / 10000 as version
    `.execute(database);
    if ((rows[0]?.version ?? 0) < oldestPostgres)
      throw new Error(`the server is older than PostgreSQL ${oldestPostgres}`);
    return database;
  } catch (error) {
    await database.destroy().catch(() => undefined);
    throw new TroopError("database_unreachable", reasonFor(config, error), {
      cause: error,
      details: { run: adviceFor(config) },
    });
  }
}

function openPostgres(url: string, poolSize: number, log: Log): Database {
  const pool = new pg.Pool({
    ...postgresWay(url),
    max: poolSize,
    connectionTimeoutMillis: connectWaitMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    ...{ keepAlive: true, keepAliveInitialDelayMillis: connectWaitMs },
    // Row locks and their order are made for it; the server, the database or the role may be set to another. Said once
    // in each new connection, it costs no statement of any call.
    verify: (client, done) => {
      client.query("set default_transaction_isolation to 'read committed'", (error) => done(error));
    },
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary") =>
        oid === int8
          ? BigInt
          : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
    },
  });
  const cancel = cancelAt(url, log);
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", (error) => log.warn({ reason: error.message }, "a database connection broke"));
  pool.on("connect", (client) => {
    // The pool listens while a connection is idle. One that breaks in use, or in `verify`, fails its statement, and
    // says so as an event besides, which nobody else hears.
    client.on("error", (error) =>
      log.debug({ reason: error.message }, "a connection in use broke"),
    );
    endWhereSilent(client, statementTimeoutMs + connectWaitMs);
    prepareStatements(client);
    cancelWithCall(client, cancel);
  });
  return notePool(new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }), pool);
}

/** By a connection of its own: those of the pool may all wait for the same lock. */
const cancelAt =
  (url: string, log: Log): CancelStatement =>
  async (processId) => {
    const control = new pg.Client({
      ...postgresWay(url),
      ...{ connectionTimeoutMillis: connectWaitMs, query_timeout: connectWaitMs },
    });
    control.on("error", () => undefined);
    try {
      await control.connect();
      await control.query("select pg_cancel_backend($1)", [processId]);
    } catch (error) {
      log.warn({ err: error }, "a statement could not be cancelled; it ends by its own time-out");
    } finally {
      await control.end();
    }
  };

function openPglite({ folder }: DatabaseConfig): Database {
  const pglite = () =>
    PGlite.create({ ...(folder ? { dataDir: folder } : {}), parsers: { [int8]: BigInt } });
  return new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) });
}

function reasonFor({ url, folder }: DatabaseConfig, error: unknown): string {
  const reason =
    (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : "");
  return url
    ? `PostgreSQL at ${withoutPassword(url)} does not answer (${reason}). Check DATABASE_URL, that the server runs, and that it is version ${oldestPostgres} or newer.`
    : `The embedded database in ${folder ?? "memory"} does not open (${reason}). Check that the disk is not full and that the folder was not edited by hand.`;
}

function adviceFor({ url, folder }: DatabaseConfig): string {
  const server = url && URL.parse(url);
  if (!server) return folder ? `ls -l ${shellWord(folder)}` : "troop coordinator --help";
  return `pg_isready -h ${server.hostname} -p ${server.port || "5432"}`;
}

function withoutPassword(url: string): string {
  const shown = URL.parse(url);
  if (!shown) return "the URL given";
  return `${shown.protocol}//${shown.host}${shown.pathname}`;
}

/** What PostgreSQL says when two transactions cannot both go on: the loser may simply try again. */
const retryable: ReadonlySet<unknown> = new Set(["40P01", "40001"]);
/** The last three: a statement, a lock or a transaction was waited for too long. */
const unavailable =
  /^(08...|57P0[123]|53300|57014|55P03|25P03|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN)$/;
/** What the driver itself says, without a code. */
const brokenConnection =
  /Query read timeout|timeout exceeded when trying to connect|Connection terminated|connection error and is not queryable/;
const attempts = 6;

export const errorCodeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
export const isUniqueViolation = (error: unknown): boolean => errorCodeOf(error) === "23505";

/** Runs `work` in one READ COMMITTED transaction. Nothing in it may leave the database: it can run several times. */
export function transact<Result>(
  database: Database,
  work: (tx: Tx) => Promise<Result>,
  mayRetry: (error: unknown) => boolean = () => false,
): Promise<Result> {
  return retrying(() => database.transaction().execute(work), mayRetry);
}

/** As `transact`, for what is one statement and so a transaction of its own. */
export const retrying = <Result>(
  work: () => Promise<Result>,
  mayRetry: (error: unknown) => boolean = () => false,
): Promise<Result> =>
  reaching(async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const again = retryable.has(errorCodeOf(error)) || mayRetry(error);
        if (!again || attempt === attempts) throw error;
      }
    }
  });

/** As `transact`, over a snapshot that stands still: for sums that must agree with one another. */
export const readSnapshot = <Result>(
  database: Database,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> =>
  reaching(() =>
    database
      .transaction()
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute(async (tx) => {
        // Sums over all the books take as long as the books are large.
        const timeout = String(snapshotTimeoutMs);
        await sql`select set_config('statement_timeout', ${timeout}, true)`.execute(tx);
        return patiently(() => work(tx));
      }),
  );

/** Turns "the database is not there" into `ledger_unavailable`; everything else passes. */
export async function reaching<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = errorCodeOf(error);
    const message = error instanceof Error ? error.message : "";
    const isGone =
      (typeof code === "string" && unavailable.test(code)) || brokenConnection.test(message);
    if (!isGone) throw error;
    throw new TroopError("ledger_unavailable", undefined, { cause: error, retryAfterMs: 5_000 });
  }
}
