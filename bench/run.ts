/**
 * Prints the figures that `bench/RESULTS.md` explains.
 *
 *     npm run bench [-- ledger] [--rounds 9] [--json]
 *
 * Ratios are taken in one run, ours and the reference in turns, so that a busy machine slows both. With `--json` the
 * last line of stdout is `{"figures": [{figure, gate, aim, median, iqr, verdict}]}`. The exit code does not depend on
 * the figures: a benchmark tells, it does not judge.
 */
import { parseArgs } from "node:util";
import { provide } from "../tools/services/apt.ts";
import { programs } from "../tools/services/programs.ts";
import { say, type Figure } from "./figure.ts";
import { ledgerFigures } from "./ledger/ledger.ts";

const groups: Record<string, (rounds: number) => Promise<Figure[]>> = { ledger: ledgerFigures };

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number above 0");
const wanted = positionals.length > 0 ? positionals : Object.keys(groups);

provide([programs.postgres]);
const figures: Figure[] = [];
for (const name of wanted) {
  const group = groups[name];
  if (!group) throw new Error(`no such group; there are: ${Object.keys(groups).join(", ")}`);
  figures.push(...(await group(rounds)));
}
for (const { figure, gate, aim, median, iqr, verdict } of figures)
  say(`${verdict.padEnd(12)} ${figure}: ${median} (iqr ${iqr}; gate ${gate}, aim ${aim})`);
if (values.json) process.stdout.write(`${JSON.stringify({ figures })}\n`);
