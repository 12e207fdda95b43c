/** What is asked for on the command line. */
import { parseArgs } from "node:util";

export const usage = `usage: npm run fuzz -- [options]

Calls a running coordinator in every way that its OpenAPI document allows, in most that it does not, and with bytes that
are no call at all. Every answer must be a documented one, and come.

  --minutes N    for how long (1)
  --seed S       of all cases; the same seed makes the same cases (1)
  --case N       this one alone, with what was sent and what came back
  --help

Examples:
  npm run fuzz                              a minute of it
  npm run fuzz -- --minutes 10 --seed 7     ten minutes of other cases
  npm run fuzz -- --seed 7 --case 1234      one case again

Exit code 1 where an answer was undocumented or never came, an error code of the table was not seen, or memory
grew or the cases were too few to say so; 2 where it was not understood.`;

export type Wish =
  | { kind: "help" }
  | { kind: "campaign"; minutes: number; seed: number }
  | { kind: "case"; seed: number; index: number };

/** @throws Error what is wrong with them */
export function readOptions(args: readonly string[]): Wish {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      case: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return { kind: "help" };
  const seed = whole(values.seed, "--seed");
  if (values.case !== undefined) return { kind: "case", seed, index: whole(values.case, "--case") };
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 600)) throw new Error("--minutes takes a number of minutes");
  return { kind: "campaign", minutes, seed };
}

function whole(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${name} takes a whole number`);
}
