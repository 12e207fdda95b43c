/** The ledger's figures, all against one durable PostgreSQL server. */
import { startPostgres } from "../../tools/services/postgres.ts";
import type { Figure } from "../figure.ts";
import { authorizeFigure } from "./authorize.ts";
import { createDatabase } from "./server.ts";
import { statementFigures } from "./statements.ts";

export async function ledgerFigures(rounds: number): Promise<Figure[]> {
  await using server = await startPostgres({ durable: true });
  const ours = await createDatabase(server.url, "ledger");
  const theirs = await createDatabase(server.url, "pgbench");
  const coordinators = await createDatabase(server.url, "coordinator");
  return [
    ...(await statementFigures({ ours, theirs }, rounds)),
    await authorizeFigure(coordinators, rounds),
  ];
}
