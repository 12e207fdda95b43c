/** Coordinator and PostgreSQL as victims, under a load of tickets and statements. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../services/ready.ts";
import { middleOf, sufferRounds, type Fault, type Row, type Victim } from "./campaign.ts";
import type { DatabaseServer } from "./database-server.ts";
import { startLoad } from "./load.ts";
import { startProgram, type Program } from "./program.ts";
import { judge, openBooks } from "./verdict.ts";

const main = join(import.meta.dirname, "..", "..", "src", "main.ts");

export const troop = (words: readonly string[], environment: NodeJS.ProcessEnv): Program =>
  startProgram([process.execPath, main, ...words], {
    // A machine under this load is one whose owner is at it.
    ...{ LOG_LEVEL: "error", OWNER_WATCH: "off", TROOP_API_KEY: "any" },
    ...environment,
  });

/** @param server where the books are; undefined: PGlite in the coordinator's own folder */
export async function tryLedger(
  name: string,
  fault: Fault,
  rounds: number,
  { server, isServerVictim }: { server?: DatabaseServer; isServerVictim: boolean },
): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "troop-faults-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const url = await server?.createDatabase(`faults_${Date.now()}`);
  const port = await freePort();
  const words = ["coordinator", "--json", "--data", folder, "--port", String(port)];
  let coordinator: Program | undefined;
  const victim: Victim = {
    program: () => coordinator!,
    async start() {
      coordinator = troop(words, url === undefined ? {} : { DATABASE_URL: url });
      await coordinator.firstLine;
    },
  };
  stack.defer(() => coordinator?.kill());
  await victim.start();

  const load = stack.use(await startLoad(`http://127.0.0.1:${port}`));
  const pressure = { done: load.settled, works: load.authorize };
  const suffering: Victim = isServerVictim ? server! : victim;
  const seconds = await sufferRounds(rounds, fault, suffering, pressure);
  await load.finish();
  // PGlite's folder admits one process.
  await coordinator!.kill();
  const database = await openBooks({ url, folder: join(folder, "coordinator", "db") });
  try {
    return {
      ...{ victim: name, fault, rounds, ...load.retries },
      ...(await judge(database, load.answered)),
      worstSeconds: Math.max(...seconds),
      medianSeconds: middleOf(seconds),
    };
  } finally {
    await database.destroy();
  }
}
