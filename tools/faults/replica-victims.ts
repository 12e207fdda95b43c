/** Two coordinators on one PostgreSQL and one Redis, calls going to both: one of the coordinators, or Redis, suffers. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../services/ready.ts";
import { startBalancer } from "./balancer.ts";
import { middleOf, sufferRounds, type Fault, type Row, type Victim } from "./campaign.ts";
import type { DatabaseServer } from "./database-server.ts";
import { troop } from "./ledger-victims.ts";
import { startLoad } from "./load.ts";
import type { Program } from "./program.ts";
import { startRedisServer } from "./redis-server.ts";
import { judge, openBooks } from "./verdict.ts";

interface Replica extends Victim, AsyncDisposable {}

export async function tryReplicas(
  name: "replica" | "Redis",
  fault: Fault,
  rounds: number,
  server: DatabaseServer,
): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "troop-faults-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const redis = stack.use(await startRedisServer());
  const url = await server.createDatabase(`faults_${Date.now()}`);
  const ports = [await freePort(), await freePort()];
  const balancer = stack.use(await startBalancer(ports));
  const environment = {
    ...{ DATABASE_URL: url, REDIS_URL: redis.url, OPERATOR_LISTEN: "off" },
    KEY_RING_SECRET: randomBytes(24).toString("hex"),
  };
  const replicas = ports.map((port): Replica => {
    const place = ["--listen", `127.0.0.1:${port}`, "--public-url", balancer.url];
    const words = ["coordinator", "--json", "--data", join(folder, String(port)), ...place];
    let running: Program | undefined;
    return {
      program: () => running!,
      async start() {
        running = troop(words, environment);
        await running.firstLine;
      },
      [Symbol.asyncDispose]: async () => running?.kill(),
    };
  });
  for (const replica of replicas) stack.use(replica);
  // At once: both find a database with nothing in it.
  await Promise.all(replicas.map((replica) => replica.start()));

  const load = stack.use(await startLoad(balancer.url));
  const pressure = { done: load.settled, works: load.authorize };
  const victim = name === "Redis" ? redis : replicas[0]!;
  const seconds = await sufferRounds(rounds, fault, victim, pressure);
  await load.finish();
  const dead = replicas.filter((replica) => !replica.program().isRunning);
  const database = await openBooks({ url });
  try {
    const verdict = await judge(database, load.answered);
    return {
      ...{ victim: name, fault, rounds, ...load.retries, ...verdict },
      offences: [...verdict.offences, ...dead.map(() => "a coordinator died")],
      worstSeconds: Math.max(...seconds),
      medianSeconds: middleOf(seconds),
    };
  } finally {
    await database.destroy();
  }
}
