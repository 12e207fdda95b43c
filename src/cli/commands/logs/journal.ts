/** Logs of a role that runs as the system's service: systemd's journal has them. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type LogRecord, readRecord } from "../../../host/logs/log-record.ts";
import type { LoggedRole } from "../../../host/logs/role-log.ts";
import { createRunProgram } from "../../../host/run-program.ts";
import { servicePaths, serviceRoles } from "../../../host/service/service.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";

const timeoutMs = 30_000;

/** The unit whose journal to read; undefined where the role is no service of the system. */
export function journalOf(_context: CommandContext, role: LoggedRole): string | undefined {
  const known = serviceRoles.find((name) => name === role);
  if (process.platform !== "linux" || known === undefined) return undefined;
  const { name, definition } = servicePaths("systemd", known, "system", {
    home: "",
    configFolder: "",
  });
  return existsSync(definition) ? name : undefined;
}

/** A line in the journal's own JSON; a message that is no text comes as a list of bytes. */
const entry = z.looseObject({ MESSAGE: z.string(), __REALTIME_TIMESTAMP: z.string() });

export function readEntry(line: string): LogRecord[] {
  try {
    const { MESSAGE, __REALTIME_TIMESTAMP } = entry.parse(JSON.parse(line));
    return [readRecord(MESSAGE, Math.floor(Number(__REALTIME_TIMESTAMP) / 1_000))];
  } catch {
    return [];
  }
}

const words = (unit: string, count: number): [string, ...string[]] => [
  ...(["journalctl", "--unit", unit, "--output=json", "--no-pager", "--quiet"] as const),
  `--lines=${count}`,
];

/** @throws TroopError `service_failed` */
export async function readJournal(
  { environment, clock, shutdown }: CommandContext,
  unit: string,
  count: number,
  since: number,
): Promise<LogRecord[]> {
  const run = createRunProgram(environment, clock);
  const told = await run(
    [...words(unit, count), `--since=@${Math.floor(since / 1_000)}`],
    timeoutMs,
    shutdown,
  );
  if (told.kind === "ended" && told.code === 0) return told.stdout.split("\n").flatMap(readEntry);
  const cause = told.kind === "ended" ? told.stderr.trim() : "journalctl cannot be run";
  throw new TroopError("service_failed", `The journal of ${unit} cannot be read.`, {
    cause: new Error(cause),
    details: { run: `sudo journalctl --unit ${unit}` },
  });
}

export async function* followJournal(
  { environment }: CommandContext,
  unit: string,
  signal: AbortSignal,
): AsyncIterable<LogRecord> {
  const [program, ...rest] = words(unit, 0);
  const child = spawn(program, [...rest, "--follow"], {
    env: { ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = () => void child.kill();
  signal.addEventListener("abort", stop, { once: true });
  // That it cannot be run was said when its last lines were read.
  child.on("error", () => undefined);
  for await (const line of createInterface({ input: child.stdout })) yield* readEntry(line);
  signal.removeEventListener("abort", stop);
}
