/** What is asked for on the command line. */
import { parseArgs } from "node:util";
import type { Fault } from "./campaign.ts";

export const victimNames = [
  "coordinator on PGlite",
  "coordinator on PostgreSQL",
  "PostgreSQL",
  "Redis",
  "replica",
  "worker",
  "relay",
] as const;
export type VictimName = (typeof victimNames)[number];
const faultNames: readonly Fault[] = ["killed", "paused"];

export const usage = `usage: npm run faults -- [options]

Kills and pauses real processes under load, and reads the books afterwards.

  --rounds N     how often each victim suffers each fault (20)
  --only NAME    victims whose name has this in it, of: ${victimNames.join(", ")}
  --fault FAULT  killed (SIGKILL, children and all) or paused (SIGSTOP and SIGCONT); without it both
  --json         one JSON object as the last line, and the table beside it
  --help

Examples:
  npm run faults                                      all of it: a quarter of an hour and more
  npm run faults -- --rounds 3                        a look, in about two minutes
  npm run faults -- --only worker --fault killed      one victim, one fault
  npm run faults -- --only "coordinator on" --json    both coordinators, for a program

Exit code 1 where a settlement that was acknowledged is lost, a request is charged twice, an invariant is broken, a
repeated call is never answered, or a stream ends without saying that it broke; 2 where it was not understood.`;

export type Wish =
  | { kind: "help" }
  | {
      kind: "faults";
      rounds: number;
      victims: readonly VictimName[];
      faults: readonly Fault[];
      isJson: boolean;
    };

const flags = {
  rounds: { type: "string", default: "20" },
  only: { type: "string", default: "" },
  fault: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** @throws Error what is wrong with them */
export function readOptions(args: readonly string[]): Wish {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.help) return { kind: "help" };
  const rounds = Number(values.rounds);
  if (!/^\d+$/.test(values.rounds) || !Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a whole number of at least 1, and not "${values.rounds}"`);
  const victims = victimNames.filter((name) => name.includes(values.only));
  if (victims.length === 0) throw new Error(`there is no victim "${values.only}"`);
  const faults = faultNames.filter((fault) => (values.fault ?? fault) === fault);
  if (faults.length === 0) throw new Error(`there is no fault "${values.fault}"`);
  return { kind: "faults", rounds, victims, faults, isJson: values.json };
}
