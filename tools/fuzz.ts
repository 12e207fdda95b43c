/**
 * Fuzzing from the command line: a coordinator on a database of its own, called in every way for some minutes.
 * `npm run fuzz -- --help` says how.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { systemRandom } from "../src/base/random.ts";
import { openCoordinator } from "../src/coordinator/coordinator.fixture.ts";
import type { CoordinatorConfig } from "../src/coordinator/config.ts";
import { type Findings, runCampaign } from "./fuzz/campaign.ts";
import { caseOf, casesFor } from "./fuzz/cases.ts";
import { openGround } from "./fuzz/ground.ts";
import { judge } from "./fuzz/judge.ts";
import { readOptions, usage, type Wish } from "./fuzz/options.ts";
import { provocations, publicCodes } from "./fuzz/public-codes.ts";
import { sendCase } from "./fuzz/send.ts";
import { readWish } from "./read-wish.ts";

/** Caches and compiled code are there after so many cases; what grows from then on grows for ever. */
const warmCases = 2_000;
const growthMostMib = 50;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const resources = new AsyncDisposableStack();
const wish = readWish(readOptions, usage);
try {
  process.exitCode = wish ? ((await obey(wish)) ? 0 : 1) : 2;
} finally {
  await resources.disposeAsync();
}

/** @returns whether all is well */
async function obey(asked: Wish): Promise<boolean> {
  switch (asked.kind) {
    case "help":
      console.log(usage);
      return true;
    case "campaign":
      return campaign(asked);
    case "case":
      return oneCase(asked);
    default:
      return asked satisfies never;
  }
}

async function campaign({ minutes, seed }: Extract<Wish, { kind: "campaign" }>): Promise<boolean> {
  const ground = resources.use(await openGround({ databaseUrl: await freshDatabase() }));
  const began = performance.now();
  let warmMib: number | undefined;
  const findings = await runCampaign(ground, seed, (index) => {
    if (index === warmCases) warmMib = memoryMib();
    return performance.now() - began > minutes * 60_000;
  });
  const seconds = (performance.now() - began) / 1_000;
  const grownMib = warmMib === undefined ? undefined : memoryMib() - warmMib;
  console.log(
    `${findings.cases} cases in ${seconds.toFixed(1)} s: ${(findings.cases / seconds).toFixed(0)}/s, seed ${seed}`,
  );
  console.log(
    grownMib === undefined
      ? `fewer than ${warmCases} cases: NOT ENOUGH to say whether memory grows; take more minutes`
      : `memory grew by ${grownMib.toFixed(1)} MiB after the first ${warmCases}`,
  );
  console.log(`resident: ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
  const areAllSeen = await tellCodes(findings);
  const offences = await ground.troop.coordinator.auditLedger();
  console.log(`rows that break an invariant of the books: ${offences.length}`);
  for (const { index, complaint } of findings.failures)
    console.log(`FAILED ${complaint}\n  npm run fuzz -- --seed ${seed} --case ${index}`);
  const isBounded = grownMib !== undefined && grownMib <= growthMostMib;
  return findings.failures.length + offences.length === 0 && areAllSeen && isBounded;
}

/** What is kept, and not what waits to be collected: this process makes the cases too. */
function memoryMib(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

async function tellCodes({ codes }: Findings): Promise<boolean> {
  const seen = publicCodes.filter((code) => codes.has(code));
  console.log(`codes seen (${seen.length} of ${publicCodes.length}):`);
  console.log(seen.map((code) => `  ${code} ${codes.get(code)}`).join("\n"));
  const others = [...codes.keys()].filter((code) => !publicCodes.some((known) => known === code));
  if (others.length > 0) console.log(`and, of no public table: ${others.join(", ")}`);
  const open = async (settings: Partial<CoordinatorConfig>) =>
    resources.use(await openCoordinator({ databaseUrl: await freshDatabase(), ...settings }));
  let areAllSeen = true;
  for (const code of publicCodes.filter((known) => !codes.has(known))) {
    const provocation = provocations[code];
    const came = await provocation?.provoke(open);
    areAllSeen &&= came === code;
    console.log(
      provocation
        ? `  ${code}: provoked (${provocation.why}), ${came === code ? "came" : `but ${came} came`}`
        : `  ${code}: NOT SEEN`,
    );
  }
  return areAllSeen;
}

async function oneCase({ seed, index }: Extract<Wish, { kind: "case" }>): Promise<boolean> {
  const ground = resources.use(await openGround({ databaseUrl: await freshDatabase() }));
  const sent = caseOf(casesFor(ground.document, ground.words), seed, index);
  console.log(JSON.stringify(sent, null, 2));
  const outcome = await sendCase(ground, sent);
  console.log(outcome ?? "(nothing)");
  const { complaint } = judge(sent, outcome);
  console.log(complaint ?? "documented");
  return complaint === undefined;
}

async function freshDatabase(): Promise<string> {
  const server = process.env["TEST_DATABASE_URL"];
  if (!server) throw new Error("There is no TEST_DATABASE_URL: run this as `npm run fuzz`.");
  const name = `fuzz_${systemRandom.uuid().replaceAll("-", "")}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name} template template0`);
  await client.end();
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}
