/** The result of a campaign, for people. */
import Table from "cli-table3";
import type { Row } from "./campaign.ts";

export const isGood = ({ lost, doubleCharges, offences, retried, converged }: Row): boolean =>
  lost === 0 && doubleCharges === 0 && offences.length === 0 && retried === converged;

export function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: [
      ...["victim", "fault", "rounds", "acknowledged", "lost", "double charges"],
      ...["retried", "converged", "offences", "s until authorizing (median, worst)"],
    ],
    style: { head: [], border: [] },
  });
  for (const row of rows)
    table.push([
      ...[row.victim, row.fault, row.rounds, row.acknowledged, row.lost, row.doubleCharges],
      ...[row.retried, row.converged, row.offences.length],
      `${row.medianSeconds.toFixed(1)}, ${row.worstSeconds.toFixed(1)}`,
    ]);
  return table.toString();
}
