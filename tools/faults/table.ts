/** The result of a campaign, for people. */
import Table from "cli-table3";
import type { Row } from "./campaign.ts";

export const isGood = ({ lost, doubleCharges, offences, retried, converged }: Row): boolean =>
  lost === 0 && doubleCharges === 0 && offences.length === 0 && retried === converged;

/** One row as soon as it is known: a campaign is long, and may be cut short. */
export const sentenceOf = (row: Row): string =>
  [
    `${row.acknowledged} acknowledged, ${row.lost} lost, ${row.doubleCharges} double charges`,
    `${row.converged} of ${row.retried} converged, ${row.offences.length} offences`,
    `${row.medianSeconds.toFixed(1)} s until it works (worst ${row.worstSeconds.toFixed(1)})`,
  ].join(", ");

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
