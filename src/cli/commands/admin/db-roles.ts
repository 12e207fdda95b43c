/** `troop admin db-roles`: least privilege on PostgreSQL, printed or applied. */
import { noteAct } from "../../../coordinator/admin/note-act.ts";
import { applyRoles } from "../../../coordinator/admin/roles-store.ts";
import { roleNames, rolePrefix, roleStatements } from "../../../coordinator/migrations/roles.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { coordinatorSettings, openCurrentBooks } from "./books.ts";

export interface DbRolesFlags {
  apply?: boolean;
  prefix: string;
}

export async function dbRoles(
  context: CommandContext,
  { apply = false, prefix }: DbRolesFlags,
): Promise<void> {
  const { output } = context;
  if (!rolePrefix.test(prefix))
    throw new TroopError("usage", "--prefix takes lower-case letters, digits and underscores.");
  const names = roleNames(prefix);
  const statements = roleStatements(names);
  if (!apply) {
    for (const statement of statements) output.say(`${statement};`);
    return output.json({ ...names, applied: false, statements });
  }
  if (!coordinatorSettings(context).databaseUrl)
    throw new TroopError(
      "configuration_invalid",
      "Roles are for PostgreSQL; the embedded database has one user. Set DATABASE_URL to the tables' owner.",
      { param: "DATABASE_URL" },
    );
  await using books = await openCurrentBooks(context);
  await applyRoles(books.database, names);
  await noteAct(books.database, context, { event: "roles_applied", prefix });
  output.say(`${output.bold(names.application)} may do what the coordinator does, and no more.`);
  output.say(`${output.bold(names.auditor)} may read.`);
  output.say(
    output.dim(
      `create role troop_coordinator login password '…' in role ${names.application};   then DATABASE_URL with that role, and MIGRATE=manual`,
    ),
  );
  output.json({ ...names, applied: true, statements });
}
