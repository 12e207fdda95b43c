/** `troop logs`: what the roles here have written down, from their files or from the system's journal. */
import { InvalidArgumentError } from "commander";
import { existsSync } from "node:fs";
import { sleep } from "../../base/clock.ts";
import { type LogRecord, readRecord } from "../../host/logs/log-record.ts";
import { logFile, type LoggedRole, loggedRoles } from "../../host/logs/role-log.ts";
import { olderFiles, openTail } from "../../host/logs/tail.ts";
import type { CommandContext } from "../context.ts";
import { readableLine } from "../readable-log.ts";
import { untilStopped } from "../until-stopped.ts";
import { followJournal, journalOf, readJournal } from "./logs/journal.ts";

export interface LogsFlags {
  data?: string;
  follow?: boolean;
  role?: LoggedRole;
  /** Wall time, ms, or milliseconds before now. */
  since?: Since;
  lines: number;
}

export type Since = { kind: "at"; time: number } | { kind: "ago"; ms: number };

/** What a role has said, and what it says from now on. */
export interface LogSource {
  role: LoggedRole;
  /** The newest lines, the oldest first; no more than this many, none older than that. */
  last(count: number, since: number): Promise<LogRecord[]>;
  /** Lines that come after those that `last` has given. */
  follow(signal: AbortSignal): AsyncIterable<LogRecord>;
}

const followMs = 500;

export async function logs(context: CommandContext, flags: LogsFlags): Promise<void> {
  const { output, clock, shutdown } = context;
  const sources = sourcesOf(context, flags);
  if (sources.length === 0) {
    output.say(`Nothing was logged here yet${flags.role ? ` by ${flags.role}` : ""}.`);
    return output.note(`Looked in ${context.config.dataFolder}. Another folder: --data <folder>`);
  }
  const since = timeOf(flags.since, clock.now());
  const print = printer(context, sources.length > 1);
  const found = await Promise.all(
    sources.map(async (source) =>
      (await source.last(flags.lines, since)).map((record) => ({ record, role: source.role })),
    ),
  );
  const inOrder = found.flat().sort((a, b) => (a.record.time ?? 0) - (b.record.time ?? 0));
  for (const { record, role } of inOrder.slice(-flags.lines)) print(record, role);
  if (!flags.follow) return;
  await Promise.all([
    untilStopped(shutdown),
    ...sources.map(async (source) => {
      for await (const record of source.follow(shutdown)) print(record, source.role);
    }),
  ]);
}

export const sourcesOf = (context: CommandContext, { data, role }: Partial<LogsFlags>) =>
  loggedRoles
    .filter((known) => role === undefined || known === role)
    .flatMap((known): LogSource[] => {
      // A system's service keeps its files where only it gets at them.
      const journal = data === undefined ? journalOf(context, known) : undefined;
      if (journal)
        return [
          {
            role: known,
            last: (count, since) => readJournal(context, journal, count, since),
            follow: (signal) => followJournal(context, journal, signal),
          },
        ];
      const path = logFile(context.config.dataFolder, known);
      return existsSync(path) ? [fileSource(context, known, path)] : [];
    });

function fileSource({ clock }: CommandContext, role: LoggedRole, path: string): LogSource {
  const tail = openTail(path);
  const read = (lines: readonly string[]) => lines.filter(Boolean).map((line) => readRecord(line));
  return {
    role,
    async last(count, since) {
      let records = read(tail.read());
      for (const lines of olderFiles(path)) {
        if (records.length >= count || (records[0]?.time ?? Infinity) < since) break;
        records = [...read(lines), ...records];
      }
      return records.filter(({ time }) => (time ?? 0) >= since).slice(-count);
    },
    async *follow(signal) {
      using _open = tail;
      while (!signal.aborted) {
        yield* read(tail.read());
        await sleep(clock, followMs, signal);
      }
    },
  };
}

function printer({ output }: CommandContext, isMixed: boolean) {
  return ({ time, fields }: LogRecord, role: LoggedRole) => {
    output.json({ role, ...fields });
    const when = time === undefined ? "" : `${new Date(time).toISOString().slice(0, 19)}Z  `;
    output.say(
      `${output.dim(when)}${isMixed ? `${role.padEnd(11)}  ` : ""}${harmless(readableLine(fields))}`,
    );
  };
}

/** What others have said may be in a line, and must not steer the terminal. */
const harmless = (text: string) =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const timeOf = (since: Since | undefined, now: number): number => {
  if (since === undefined) return 0;
  return since.kind === "at" ? since.time : now - since.ms;
};

/** `10m`, `2h`, `1d`, or a date such as `2026-11-21` or `2026-11-21T14:00`. */
export function readSince(text: string): Since {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit) return { kind: "ago", ms: Number(count) * unitMs[unit]! };
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text).getTime() : Number.NaN;
  if (Number.isFinite(time)) return { kind: "at", time };
  throw new InvalidArgumentError("It takes 10m, 2h, 1d or a date such as 2026-11-21T14:00.");
}

const mostLines = 10_000;

export function readLineCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= mostLines) return count;
  throw new InvalidArgumentError(`It takes a number from 1 to ${mostLines}.`);
}
