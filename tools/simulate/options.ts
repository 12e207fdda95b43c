/** What is asked for on the command line. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { allMutants } from "../../test/simulation/mutants/all.ts";

export const usage = `usage: npm run simulate -- [options]

Whole networks on virtual time, each made from its seed, with everything going wrong that can.

  --seeds N        how many worlds (20; with --mutants at most so many for each, 120)
  --from N         seed of the first (1)
  --jobs N         processes at once (as many as this machine has cores)
  --seed S         this one world, in this process
  --trace          with --seed: a line for every event
  --mutants        plants one bug after the other: each must be found
  --only NAME      with --mutants: this one
  --stalling       the same worlds twice, with a worker that is honest and then one that drags its answers out
  --json           one JSON object as the last line
  --help

Examples:
  npm run simulate                                  twenty worlds
  npm run simulate -- --seeds 500 --from 501        the second five hundred; seeds 501 to 1000
  npm run simulate -- --seed 65 --trace             what happened in that world, event by event
  npm run simulate -- --mutants --only cap-off      whether one planted bug is found
  npm run simulate -- --seeds 100 --json            for a program

Exit code 1 where an invariant was broken, a mutant survived, stalling paid, or a kind of fault never came about; 2 where
it was not understood. See test/simulation/README.md.`;

/** @property only undefined for all */
export type Wish =
  | { kind: "help" }
  | { kind: "replay"; seed: number; isTraced: boolean; isJson: boolean }
  | { kind: "seeds"; from: number; count: number; jobs: number; isJson: boolean }
  | { kind: "stalling"; from: number; count: number; jobs: number; isJson: boolean }
  | {
      kind: "mutants";
      from: number;
      count: number;
      jobs: number;
      isJson: boolean;
      only: string | undefined;
    };

const flags = {
  seeds: { type: "string" },
  from: { type: "string" },
  jobs: { type: "string" },
  seed: { type: "string" },
  only: { type: "string" },
  trace: { type: "boolean" },
  mutants: { type: "boolean" },
  stalling: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;
type Flag = keyof typeof flags;

/** What goes with what; anything else is a mistake. */
const companions: Record<Exclude<Wish["kind"], "help">, readonly Flag[]> = {
  replay: ["seed", "trace", "json"],
  seeds: ["seeds", "from", "jobs", "json"],
  mutants: ["mutants", "only", "seeds", "from", "jobs", "json"],
  stalling: ["stalling", "seeds", "from", "jobs", "json"],
};
const usualSeeds = { seeds: 20, stalling: 20, mutants: 120 };

/** @throws Error what is wrong with them */
export function readOptions(args: readonly string[]): Wish {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.help) return { kind: "help" };
  const kind =
    values.seed !== undefined
      ? "replay"
      : values.mutants
        ? "mutants"
        : values.stalling
          ? "stalling"
          : "seeds";
  const stray = (Object.keys(values) as Flag[]).find((flag) => !companions[kind].includes(flag));
  if (stray) throw new Error(`--${stray} does not go with ${kindText[kind]}`);
  const isJson = values.json ?? false;
  if (kind === "replay")
    return {
      kind,
      seed: whole("seed", values.seed, 0, 1),
      isTraced: values.trace ?? false,
      isJson,
    };
  const common = {
    from: whole("from", values.from, 0, 1),
    count: whole("seeds", values.seeds, 1, usualSeeds[kind]),
    jobs: whole("jobs", values.jobs, 1, availableParallelism()),
    isJson,
  };
  const { only } = values;
  if (only !== undefined && allMutants.every(({ name }) => name !== only))
    throw new Error(`there is no mutant ${only}`);
  return kind === "mutants" ? { kind, ...common, only } : { kind, ...common };
}

const kindText = {
  replay: "--seed",
  seeds: "a run of many worlds",
  mutants: "--mutants",
  stalling: "--stalling",
};

function whole(name: string, text: string | undefined, least: number, usual: number): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least)
    throw new Error(`--${name} takes a whole number of at least ${least}, and not "${text}"`);
  return number;
}
