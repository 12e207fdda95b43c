/**
 * Asks the coordinator that runs here, by its operators' socket; where none runs, the same is asked of its database,
 * opened alone; and with `--url` one that runs elsewhere. What is asked, answered and put on record is one and the same
 * code.
 */
import { join } from "node:path";
import type { z } from "zod";
import { createAdministration } from "../../../coordinator/admin/administration.ts";
import { recordInTable } from "../../../coordinator/admin/note-act.ts";
import { auditFolder } from "../../../coordinator/audit/audit-log.ts";
import { createAuditReading } from "../../../coordinator/audit/reading.ts";
import { openDesk, operatorSocketPath } from "../../../coordinator/operator/operator-listener.ts";
import { openKeyRing } from "../../../coordinator/tickets/shared-ring.ts";
import { callRole } from "../../../host/role-socket.ts";
import { isErrorCode, TroopError } from "../../../protocol/error-codes.ts";
import { thumbprintText } from "../../../protocol/ids.ts";
import { limits } from "../../../protocol/limits.ts";
import type { CommandContext, OperatorQuestion } from "../../context.ts";
import { coordinatorSettings, openCurrentBooks } from "./books.ts";

export interface OperatorCall<Answer> extends OperatorQuestion {
  answer: z.ZodType<Answer>;
}

/** @throws TroopError what the coordinator refuses, or why its database cannot be opened */
export async function askOperator<Answer>(
  context: CommandContext,
  { answer, ...call }: OperatorCall<Answer>,
): Promise<Answer> {
  if (context.elsewhere) return understood(answer, await context.elsewhere.ask(call));
  const { dataFolder } = coordinatorSettings(context);
  const answered = await callRole({
    ...{ ...call, socketPath: operatorSocketPath(dataFolder), clock: context.clock },
    timeoutMs: limits.adminReadTimeoutMs,
  });
  return answer.parse(answered ?? (await askAlone(context, call)));
}

/** A coordinator elsewhere may be of another version. */
function understood<Answer>(answer: z.ZodType<Answer>, said: unknown): Answer {
  const read = answer.safeParse(said);
  if (read.success) return read.data;
  throw new TroopError("upgrade_required", "The coordinator there is of another version.", {
    cause: read.error,
  });
}

async function askAlone(
  context: CommandContext,
  { method, path, body }: OperatorQuestion,
): Promise<unknown> {
  const settings = coordinatorSettings(context);
  const { dataFolder, faucetDaily, keyRingSecret: secret } = settings;
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await openCurrentBooks(context));
  const nobodyRemembers = { forget: () => undefined };
  const administration = createAdministration({
    ...{ ...context, database, faucetDaily },
    administrator: settings.operator?.user ?? "admin",
    auditReading: createAuditReading({ database, folder: auditFolder(dataFolder) }),
    ...{ accounts: nobodyRemembers, nodes: nobodyRemembers },
    registry: { statusOf: () => Promise.resolve(undefined) },
    keyRing: {
      async rotate() {
        const folder = join(dataFolder, "keys");
        await using ring = await openKeyRing({ ...context, database, folder, secret });
        await ring.rotate();
      },
    },
  });
  const record = recordInTable(database, context);
  const app = stack.adopt(await openDesk(context, administration, record), (desk) => desk.close());
  const answer = await app.inject({ method, url: path, ...(body ? { payload: body } : {}) });
  const said: { error?: { code: unknown; message: string } } = answer.json();
  if (answer.statusCode === 200) return said;
  const code = said.error?.code;
  throw new TroopError(isErrorCode(code) ? code : "internal_error", said.error?.message);
}

/** An id as a part of a path. @throws TroopError `usage` where it is none */
export function named(id: string): string {
  if (thumbprintText.safeParse(id).success) return id;
  throw new TroopError(
    "usage",
    "Accounts, nodes and keys are named by their whole id, 43 characters, as `troop admin users` and `troop admin nodes` print it.",
  );
}

/** `?limit=50&cursor=…`, without what is undefined. */
export function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) words.set(name, value);
  return words.size > 0 ? `?${words.toString()}` : "";
}
