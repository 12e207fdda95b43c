/** Heartbeats that a core sustains, what ten thousand nodes weigh, and how long it takes to look among them. */
import { openDatabase } from "../../src/coordinator/database.ts";
import { createLog } from "../../src/host/log.ts";
import { startPostgres } from "../../tools/services/postgres.ts";
import { startRedis } from "../../tools/services/redis.ts";
import { figureOf, median, say, type Figure } from "../figure.ts";
import { cpuMsOf, residentKbOf } from "../proxy/usage.ts";
import { startCoordinatorProcess } from "./coordinator-process.ts";
import { createFleet, makeSigner, modelOf } from "./fleet.ts";

const nodesLive = 10_000;
/** These beat first, until the code is compiled and the heap has its usual size. */
const nodesBefore = 200;
const beatsBefore = 30;
const beatsPerRound = 2_000;
const looksPerRound = 20;

export async function fleetFigures(rounds: number): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres({ durable: true }));
  const redis = stack.use(await startRedis());
  const { url, pid } = await startCoordinatorProcess(stack, {
    ...{ databaseUrl: postgres.url, redisUrl: redis.url },
  });
  const database = stack.adopt(
    await openDatabase({ url: postgres.url, folder: undefined, poolSize: 2 }, createLog("error")),
    (opened) => opened.destroy(),
  );
  const fleet = stack.use(createFleet(url, database));

  const first = await fleet.enrol(0, nodesBefore);
  for (let round = 0; round < beatsBefore; round += 1) await fleet.beatAll(first);
  const before = residentKbOf([pid]);
  const nodes = [...first, ...(await fleet.enrol(nodesBefore, nodesLive - nodesBefore))];
  await fleet.beatAll(nodes);

  const reader = await makeSigner();
  await fleet.call(reader, "POST", "/users", "{}");
  const rates: number[] = [];
  const grownMb: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = (round * beatsPerRound) % nodesLive;
    const [began, usedMs] = [performance.now(), cpuMsOf([pid])];
    await fleet.beatAll(nodes.slice(from, from + beatsPerRound));
    const rate = beatsPerRound / ((cpuMsOf([pid]) - usedMs) / 1_000);
    const wallRate = beatsPerRound / ((performance.now() - began) / 1_000);
    rates.push(rate);
    // All of them are to be live when they are looked for.
    await fleet.beatAll(nodes);
    grownMb.push((residentKbOf([pid]) - before) / 1_000);
    const looks = { peers: [] as number[], balance: [] as number[] };
    for (let look = 0; look < looksPerRound; look += 1) {
      const peers = await timed(() => fleet.call(reader, "GET", `/peers?model=${modelOf(look)}`));
      if ((JSON.parse(peers.text) as { count: number }).count !== 150)
        throw new Error("not all nodes are found");
      looks.peers.push(peers.ms);
      looks.balance.push(
        (await timed(() => fleet.call(reader, "GET", `/users/${reader.id}/balance`))).ms,
      );
    }
    const [peersMs, balanceMs] = [median(looks.peers), median(looks.balance)];
    ratios.push(peersMs / balanceMs);
    say(`  memory grown by ${grownMb.at(-1)!.toFixed(0)} MB`);
    say(`  beats by CPU ${rate.toFixed(0)}/s, by the clock ${wallRate.toFixed(0)}/s`);
    say(`  /peers?model= p50 ${peersMs.toFixed(1)} ms, a balance ${balanceMs.toFixed(1)} ms`);
  }
  const all = await timed(() => fleet.call(reader, "GET", "/peers"));
  say(`  /peers of all: ${all.ms.toFixed(0)} ms, ${(all.text.length / 1e6).toFixed(1)} MB`);
  const named = { rate: "heartbeats that one coordinator core sustains, 1/s" };
  return [
    figureOf({ figure: named.rate, good: "at least", gate: 2_000, aim: 4_000 }, rates),
    figureOf(
      {
        figure: "growth of a coordinator's memory with 10,000 live nodes, MB",
        ...{ good: "at most", gate: 200, aim: 80 },
      },
      grownMb,
    ),
    figureOf(
      {
        figure: "/peers?model= p50 with 10,000 live nodes ÷ a balance",
        ...{ good: "at most", gate: 10, aim: 4 },
      },
      ratios,
    ),
  ];
}

async function timed(work: () => Promise<string>): Promise<{ text: string; ms: number }> {
  const began = performance.now();
  const text = await work();
  return { text, ms: performance.now() - began };
}
