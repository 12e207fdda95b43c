/**
 * The audit log: what is put on record is in a file when `record` returns, and a moment later in the table, sealed
 * into its chain. The file is what outlives a database that is away, and what the table can be held against.
 *
 *     record ──▶ journal (file) ──▶ table + seal, one transaction per batch, one coordinator at a time
 */
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import { lockFolder } from "../../host/folder-lock.ts";
import { ensureFolder } from "../../host/folders.ts";
import type { Log } from "../../host/log.ts";
import {
  auditEntry,
  type AuditDetails,
  type AuditEntry,
  type AuditEventType,
} from "../../protocol/audit.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Database } from "../database.ts";
import { appendEntries, forgetBefore } from "./audit-log-store.ts";
import { type JournalBounds, openJournal } from "./journal.ts";

export interface AuditEvent {
  type: AuditEventType;
  /** An account, a node's or a key's id, or who sits at the machine. */
  user?: string | undefined;
  ip?: string | undefined;
  /** Ids, codes, counts and amounts; never a prompt, a ticket, a key or a proof. */
  details: AuditDetails;
}

export interface AuditLog {
  /** Puts an event on record: it is in the file when this returns, and outlives a killed process. */
  record(event: AuditEvent): void;
  /**
   * As `record`, and on the disk when it resolves: for money and for what operators do, before they are answered.
   * @throws TroopError `ledger_unavailable` where there is no room for it
   */
  recordDurably(event: AuditEvent): Promise<void>;
  /** All that was put on record so far is in the table. @throws TroopError `ledger_unavailable` */
  flush(): Promise<void>;
}

export interface AuditLogOptions {
  database: Database;
  /** The coordinator's own. */
  dataFolder: string;
  /** How long the table keeps a row. */
  keepMs: number;
  clock: Clock;
  random: Random;
  log: Log;
  bounds?: JournalBounds;
}

/** Events that come together are one transaction. */
const gatherMs = 500;
const forgetEveryMs = 60 * 60_000;
const textMost = 256;

export const auditFolder = (dataFolder: string): string => join(dataFolder, "audit");

/**
 * Goes on where the last one ended. Disposing it writes to the table what it can; the rest waits in the file.
 * @throws TroopError `data_folder_locked`, `data_folder_invalid`
 */
export function openAuditLog(options: AuditLogOptions): AuditLog & AsyncDisposable {
  const { database, dataFolder, keepMs, clock, random, log, bounds } = options;
  const folder = ensureFolder(auditFolder(dataFolder));
  const lock = lockFolder(folder, "coordinator");
  const journal = openJournal(folder, bounds);
  let dropped = 0;
  let isGathering = false;
  let forgetAt = 0;

  const entryOf = ({ type, user, ip, details }: AuditEvent): AuditEntry => ({
    ...{ id: random.uuid(), timestamp: clock.now(), event_type: type },
    ...{ user_id: user ?? null, ip_address: ip ?? null, details: plain(details) },
  });

  function write(event: AuditEvent): boolean {
    if (dropped > 0) {
      const details = { event: "events_lost", count: dropped };
      if (!journal.append(JSON.stringify(entryOf({ type: "security", details })))) return false;
      dropped = 0;
    }
    return journal.append(JSON.stringify(entryOf(event)));
  }

  function record(event: AuditEvent): boolean {
    const isWritten = write(event);
    if (!isWritten) {
      if (dropped === 0)
        log.error("the audit's files are full; events are lost until there is room");
      dropped += 1;
    }
    if (!isGathering) {
      isGathering = true;
      clock.timer(gatherMs, () => {
        isGathering = false;
        loop.wake();
      });
    }
    return isWritten;
  }

  /** One at a time: what two of them read would be the same. */
  let shipping: Promise<void> = Promise.resolve();
  const ship = (): Promise<void> => {
    shipping = shipping.catch(() => undefined).then(shipAll);
    return shipping;
  };
  async function shipAll(): Promise<void> {
    for (let batch = journal.waiting(); batch; batch = journal.waiting()) {
      const entries = batch.lines.flatMap(entryIn);
      journal.shipped(batch.end, await appendEntries(database, entries));
    }
  }

  function entryIn(line: string): AuditEntry[] {
    try {
      return [auditEntry.parse(JSON.parse(line))];
    } catch {
      // Half a line that a power cut left, or somebody's edit: it must not hold up what comes behind it.
      log.warn("a line of the audit's file cannot be read; it is left out");
      return [];
    }
  }

  async function forgetOld(): Promise<void> {
    if (clock.now() < forgetAt) return;
    while (!(await forgetBefore(database, clock.now() - keepMs)).isDone);
    forgetAt = clock.now() + forgetEveryMs;
  }

  const stop = new AbortController();
  const loop = startLoop({
    ...{ clock, random, signal: stop.signal },
    backoff: { firstMs: 250, ceilingMs: 5_000 },
    onFailure: (error) => log.warn({ err: error }, "audit events wait in their file"),
    round: async () => {
      await ship();
      await forgetOld();
      return forgetEveryMs;
    },
  });

  return {
    record: (event) => void record(event),
    async recordDurably(event) {
      if (!record(event)) throw new TroopError("ledger_unavailable");
      await journal.sync();
    },
    flush: ship,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await loop.ended;
      await ship().catch(() => undefined);
      journal[Symbol.dispose]();
      lock[Symbol.dispose]();
    },
  };
}

/** What a database takes as text, and no more of it than tells. */
const plainText = (text: string): string =>
  text.slice(0, textMost).toWellFormed().replaceAll("\u0000", "");

const plain = (details: AuditDetails): AuditDetails =>
  ({
    ...Object.fromEntries(
      Object.entries(details).map(([name, value]) => [
        name,
        typeof value === "string" ? plainText(value) : value,
      ]),
    ),
    event: plainText(details.event),
  }) satisfies AuditDetails;
