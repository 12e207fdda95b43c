/**
 * Prints the figures that `bench/RESULTS.md` explains.
 *
 *     npm run bench [-- coordinator|ledger|proxy|routing|verification] [--rounds 9] [--json]
 *
 * Ratios are taken in one run, ours and the reference in turns, so that a busy machine slows both. With `--json` the
 * last line of stdout is `{"figures": [{figure, gate, aim, median, iqr, verdict}]}`. The exit code does not depend on
 * the figures: a benchmark tells, it does not judge. Only `proxy` exits with 1 unless its gates are met.
 */
import { parseArgs } from "node:util";
import { provide } from "../tools/services/apt.ts";
import { programs } from "../tools/services/programs.ts";
import { say, type Figure } from "./figure.ts";
import { coordinatorFigures } from "./coordinator/coordinator.ts";
import { ledgerFigures } from "./ledger/ledger.ts";
import { proxyFigures } from "./proxy/proxy.ts";
import { routingFigures } from "./routing/routing.ts";
import { verificationFigures } from "./verification/verification.ts";

const groups: Record<string, (rounds: number) => Promise<Figure[]>> = {
  coordinator: coordinatorFigures,
  ledger: ledgerFigures,
  proxy: (rounds) => proxyFigures(rounds, { isQuick: values.quick, profiles: values.profiles }),
  routing: routingFigures,
  verification: verificationFigures,
};

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
    // Of `proxy`: small numbers for trying; a folder for CPU profiles of sidecar and worker, instead of figures.
    quick: { type: "boolean", default: false },
    profiles: { type: "string" },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number above 0");
const wanted = positionals.length > 0 ? positionals : Object.keys(groups);

provide([programs.postgres, programs.redis]);
const figures: Figure[] = [];
for (const name of wanted) {
  const group = groups[name];
  if (!group) throw new Error(`no such group; there are: ${Object.keys(groups).join(", ")}`);
  figures.push(...(await group(rounds)));
}
for (const { figure, gate, aim, median, iqr, verdict } of figures)
  say(`${verdict.padEnd(12)} ${figure}: ${median} (iqr ${iqr}; gate ${gate}, aim ${aim})`);
if (values.json) process.stdout.write(`${JSON.stringify({ figures })}\n`);
