/**
 * A small world in which nothing goes wrong but one thing: a client streams one answer, and the worker is killed at one
 * point of it. It starts again, everybody's outboxes empty, a day passes, and the books must say what became of it.
 */
import { createClientActor } from "./actors/client.ts";
import { createWorkerActor } from "./actors/worker.ts";
import { checkEndings } from "./checks/endings.ts";
import type { Violation } from "./checks/violations.ts";
import type { DiskPool } from "./disk-pool.ts";
import { heartbeatMs, hour, layGround, minute, settleAll, startMs } from "./ground.ts";
import type { StoredRequest } from "./ledger/tables.ts";
import { seededRandom } from "./world/random.ts";
import { createWire } from "./world/wire.ts";

export interface KilledStream {
  violations: readonly Violation[];
  /** Where the worker was when it was killed; undefined where the stream had ended before. */
  point: string | undefined;
  /** What the books say of each request that reached the engine. */
  runs: readonly (StoredRequest | undefined)[];
  /** Requests in the books that never reached the engine: the worker died on the way there. */
  others: readonly StoredRequest[];
  /** Micro-credits that moved, request by request. */
  payments: ReadonlyMap<string, number>;
}

const port = 9_000;
const model = "small:1b";
/** Touches of the outside between a request's arrival and its receipt's, and a few that come after. */
const mostTouches = 14;
/** An answer takes a few seconds; its receipt leaves within two more. */
const longestMs = 9_000;

export async function simulateKilledStream(seed: number, disks: DiskPool): Promise<KilledStream> {
  const random = seededRandom(seed);
  const draw = random.fork("kill");
  let point: string | undefined;
  let hasAsked = false;
  let isOver = false;
  const multipliers = new Map<string, number>();
  const ground = await layGround({
    ...{ random, beginMs: startMs, hasRealKeys: false, multipliers },
    note(line) {
      const text = line();
      if (text.startsWith("client asks (1)")) begin();
      if (/^client (is|has)/.test(text)) isOver = true;
      if (text.startsWith("worker is killed at ") && hasAsked) point ??= text.slice(20);
    },
  });
  const { world, tables, violations, violate, coordinator, until } = ground;
  const { scheduler, keys, truth } = world;
  world.faults.heal();
  const node = await keys.signer();
  multipliers.set(node.id, 3_000);
  const wire = createWire(world, () => undefined);
  const common = { world, wire, coordinator, violate, isHonest: true, skewMs: 0 };
  const account = await keys.signer();
  const client = createClientActor({
    ...{ ...common, name: "client", account, mouth: account, disk: disks.take() },
    ...{ models: [model], maxBudget: undefined, asksEveryMs: 1_000 },
  });
  const worker = createWorkerActor({
    ...{ ...common, name: "worker", port, node, mouth: node, disk: disks.take() },
    ...{ owner: await keys.signer(), heartbeatMs },
    traits: { slots: 2, models: [model], exaggerates: 1, drags: 1 },
  });

  /** The stream begins: from here on each point is as likely as another. */
  function begin(): void {
    hasAsked = true;
    client.retire();
    if (draw.chance(0.7)) return worker.machine.killAt(draw.between(1, mostTouches));
    scheduler.at(draw.between(1, longestMs), "the kill", () => worker.machine.kill());
  }

  coordinator.machine.boot();
  worker.machine.boot();
  await until(minute, () => worker.unrest() === "", 1_000);
  client.machine.boot();
  await until(30 * minute, () => isOver, 1_000);
  const unrest = () => worker.unrest() + client.unrest();
  await until(3 * hour, () => isOver && unrest() === "", 5_000);
  if (unrest() !== "") violate(`not quiet: ${unrest()}`);
  worker.machine.halt();
  client.machine.halt();
  await settleAll(ground);
  ground.audit();
  checkEndings({ tables, truth, workers: [worker], clients: [client], violate });
  scheduler.end();

  const payments = new Map<string, number>();
  for (const { of, kind } of tables.transfers.values()) {
    if (kind !== "request" || !of) continue;
    const leg = `${of.hold}.${of.k}.${of.leg}`;
    payments.set(leg, (payments.get(leg) ?? 0) + 1);
  }
  const rows = [...tables.requests.values()].flatMap((ofHold) => [...ofHold.values()]);
  const runs = [...truth.runs.values()].map(({ hold, k }) => tables.requests.get(hold)?.get(k));
  const others = rows.filter((row) => !runs.includes(row));
  return { violations: violations.all, point, runs, others, payments };
}
