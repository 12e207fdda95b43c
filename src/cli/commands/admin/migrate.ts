/** `troop admin migrate up|down|status|new`: the schema of the books. */
import { relative } from "node:path";
import {
  appliedNames,
  bringDown,
  bringUp,
  writeMigration,
} from "../../../coordinator/admin/migrating.ts";
import { noteAct } from "../../../coordinator/admin/note-act.ts";
import { type Database } from "../../../coordinator/database.ts";
import { migrationStates } from "../../../coordinator/migrations/migrate.ts";
import { packageFolder } from "../../../host/package.ts";
import type { AuditDetails } from "../../../protocol/audit.ts";
import type { CommandContext } from "../../context.ts";
import { openBooksHere } from "./books.ts";

export async function migrateUp(context: CommandContext): Promise<void> {
  const { output } = context;
  await using books = await openBooksHere(context, true);
  const applied = await bringUp(books.database);
  await note(context, books.database, { event: "migrated_up", names: applied });
  for (const name of applied) output.say(`applied ${name}`);
  if (applied.length === 0) output.say("Nothing to apply.");
  output.json({ applied });
}

/** Where there is a log to note it in: it comes and goes with a migration itself. */
async function note(
  context: CommandContext,
  database: Database,
  details: AuditDetails & { names: string[] },
): Promise<void> {
  const isKept = (await appliedNames(database)).some((name) => name.endsWith("audit-log"));
  if (details.names.length > 0 && isKept) await noteAct(database, context, details);
}

export interface MigrateDownFlags {
  all?: boolean;
  yes?: boolean;
}

export async function migrateDown(
  context: CommandContext,
  { all = false, yes = false }: MigrateDownFlags,
): Promise<void> {
  const { output, questions } = context;
  await using books = await openBooksHere(context);
  const applied = (await appliedNames(books.database)).toReversed();
  const doomed = all ? applied : applied.slice(0, 1);
  const preview = [
    ...doomed.map((name) => `Takes back ${name}.`),
    "Tables and columns that they made are gone, with all they hold.",
  ];
  const isConfirmed = doomed.length > 0 && (await questions.mayGoOn(preview, { yes }));
  const takenBack = isConfirmed ? await bringDown(books.database, all) : [];
  await note(context, books.database, { event: "migrated_down", names: takenBack });
  for (const name of takenBack) output.say(`took back ${name}`);
  if (takenBack.length === 0) output.say("Nothing was taken back.");
  output.json({ taken_back: takenBack });
}

export async function migrateStatus(context: CommandContext): Promise<void> {
  const { output } = context;
  await using books = await openBooksHere(context);
  const states = await migrationStates(books.database);
  output.table(
    ["migration", "applied"],
    states.map(({ name, appliedAt }) => [
      name,
      appliedAt === null ? "pending" : new Date(appliedAt).toISOString(),
    ]),
  );
  output.json({
    migrations: states.map(({ name, appliedAt }) => ({ name, applied_at: appliedAt })),
  });
}

export function migrateNew(context: CommandContext, { name }: { name: string }): Promise<void> {
  const { output } = context;
  const file = relative(process.cwd(), writeMigration(packageFolder, name));
  output.say(`wrote ${file}`);
  output.json({ file });
  return Promise.resolve();
}
