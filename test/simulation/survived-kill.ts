/**
 * A small world in which nothing goes wrong but one thing: two workers lend the same, a client streams one answer, and
 * whichever of them speaks is killed in the middle of it. The other goes on.
 */
import { createClientActor } from "./actors/client.ts";
import { createWorkerActor, type WorkerActor } from "./actors/worker.ts";
import { checkEndings } from "./checks/endings.ts";
import type { Violation } from "./checks/violations.ts";
import type { DiskPool } from "./disk-pool.ts";
import { heartbeatMs, hour, layGround, minute, settleAll, startMs } from "./ground.ts";
import type { StoredRequest } from "./ledger/tables.ts";
import { seededRandom } from "./world/random.ts";
import { createWire } from "./world/wire.ts";

export interface SurvivedKill {
  violations: readonly Violation[];
  /** False where the answer had ended before. */
  isKilled: boolean;
  isAnswered: boolean;
  /** Requests in the books, and micro-credits that moved for them, leg by leg. */
  rows: readonly StoredRequest[];
  payments: ReadonlyMap<string, number>;
}

const model = "small:1b";
const ports = [9_000, 9_001];
/** Between an answer's first word and its last lie a few seconds. */
const longestMs = 3_000;

export async function simulateSurvivedKill(seed: number, disks: DiskPool): Promise<SurvivedKill> {
  const random = seededRandom(seed);
  const draw = random.fork("kill");
  let isKilled = false;
  let isAnswered = false;
  let isOver = false;
  const multipliers = new Map<string, number>();
  const ground = await layGround({
    ...{ random, beginMs: startMs, hasRealKeys: false, multipliers },
    note(line) {
      const text = line();
      if (text.startsWith("client asks (1)")) client.retire();
      const [, speaker] = /^client hears (.+)$/.exec(text) ?? [];
      if (speaker) scheduler.at(draw.between(0, longestMs), "the kill", () => kill(speaker));
      const [, ending] = /^client (is .*|has .*) \(1\)$/.exec(text) ?? [];
      isOver ||= ending !== undefined;
      isAnswered ||= ending === "is answered";
    },
  });
  const { world, tables, violations, violate, coordinator, until } = ground;
  const { scheduler, keys, truth } = world;
  world.faults.heal();
  const wire = createWire(world, () => undefined);
  const common = { world, wire, coordinator, violate, isHonest: true, skewMs: 0 };
  const account = await keys.signer();
  const client = createClientActor({
    ...{ ...common, name: "client", account, mouth: account, disk: disks.take() },
    ...{ models: [model], maxBudget: undefined, asksEveryMs: 1_000 },
  });
  const workers: WorkerActor[] = [];
  for (const port of ports) {
    const node = await keys.signer();
    multipliers.set(node.id, 3_000);
    workers.push(
      createWorkerActor({
        ...{ ...common, name: `worker-${port}`, port, node, mouth: node, disk: disks.take() },
        ...{ owner: await keys.signer(), heartbeatMs },
        traits: { slots: 2, models: [model], exaggerates: 1, drags: 1 },
      }),
    );
  }

  function kill(speaker: string): void {
    if (isOver) return;
    isKilled = true;
    workers.find(({ node }) => node.id === speaker)!.machine.kill();
  }

  coordinator.machine.boot();
  for (const { machine } of workers) machine.boot();
  const unrest = () => workers.map((worker) => worker.unrest()).join("");
  await until(minute, () => unrest() === "", 1_000);
  client.machine.boot();
  await until(30 * minute, () => isOver, 1_000);
  const isQuiet = () => isOver && unrest() + client.unrest() === "";
  if (!(await until(3 * hour, isQuiet, 5_000))) violate(`not quiet: ${unrest()}${client.unrest()}`);
  for (const { machine } of [...workers, client]) machine.halt();
  await settleAll(ground);
  ground.audit();
  checkEndings({ tables, truth, workers, clients: [client], violate });
  scheduler.end();

  const payments = new Map<string, number>();
  for (const { of, kind } of tables.transfers.values()) {
    if (kind !== "request" || !of) continue;
    const leg = `${of.hold}.${of.k}.${of.leg}`;
    payments.set(leg, (payments.get(leg) ?? 0) + 1);
  }
  const rows = [...tables.requests.values()].flatMap((ofHold) => [...ofHold.values()]);
  return { violations: violations.all, isKilled, isAnswered, rows, payments };
}
