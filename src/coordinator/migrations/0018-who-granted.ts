/** A grant's row says which operator made it, for as long as the books are kept; the audit log forgets after weeks. */
import { migrationOf } from "./statements.ts";

export const whoGranted = migrationOf(
  [`alter table transfer add column granted_by text`],
  [`alter table transfer drop column granted_by`],
);
