/** Reads the audit log where it is: of the coordinator that runs here, by its socket, else in the database itself. */
import type { z } from "zod";
import { auditFolder } from "../../../coordinator/audit/audit-log.ts";
import { type AuditReading, createAuditReading } from "../../../coordinator/audit/reading.ts";
import { operatorSocketPath } from "../../../coordinator/operator/operator-listener.ts";
import { callRole } from "../../../host/role-socket.ts";
import { auditAnswer, auditReport, writeMark } from "../../../protocol/audit.ts";
import { limits } from "../../../protocol/limits.ts";
import type { CommandContext } from "../../context.ts";
import { coordinatorSettings, openCurrentBooks } from "./books.ts";

/** A log of years is read from its first row to its last. */
const verifyMs = 10 * 60_000;

export async function readAuditHere<Result>(
  context: CommandContext,
  read: (reading: AuditReading) => Promise<Result>,
): Promise<Result> {
  const { dataFolder } = coordinatorSettings(context);
  const ask = (path: string, timeoutMs: number) =>
    callRole({
      ...{ socketPath: operatorSocketPath(dataFolder), method: "GET", path: `/admin/audit${path}` },
      ...{ timeoutMs, clock: context.clock },
    });
  if (await ask("?limit=1", limits.writeTimeoutMs)) return read(readingBy(ask));
  await using books = await openCurrentBooks(context);
  return await read(createAuditReading({ ...books, folder: auditFolder(dataFolder) }));
}

type Ask = (path: string, timeoutMs: number) => Promise<unknown>;

const readingBy = (ask: Ask): AuditReading => ({
  page: async (query) => parsed(auditAnswer, await ask(queryOf(query), limits.writeTimeoutMs)),
  verify: async (noted) =>
    parsed(
      auditReport,
      await ask(`/verify${queryOf(noted ? { expect: writeMark(noted) } : {})}`, verifyMs),
    ),
});

const parsed = <Answer>(schema: z.ZodType<Answer>, answer: unknown): Answer => schema.parse(answer);

function queryOf(query: Readonly<Record<string, string | number | undefined>>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) words.set(name, String(value));
  return `?${words.toString()}`;
}
