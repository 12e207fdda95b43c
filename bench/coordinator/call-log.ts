/** What counting a call costs, against a Redis of its own. */
import { once } from "node:events";
import { systemClock } from "../../src/base/clock.ts";
import { createRedisCallLog } from "../../src/coordinator/limits/redis-call-log.ts";
import { redisAt } from "../../src/coordinator/redis-connection.ts";
import { createLog } from "../../src/host/log.ts";
import { startRedis } from "../../tools/services/redis.ts";
import { figureOf, median, say, type Figure } from "../figure.ts";

const callsPerRound = 500;
const warmUpRounds = 3;
const buckets = 20;
const rate = { limit: 120, windowMs: 3_600_000 };

export async function callLogFigure(rounds: number): Promise<Figure> {
  await using server = await startRedis();
  await using stack = new AsyncDisposableStack();
  const parts = { clock: systemClock, log: createLog("error") };
  const connect = redisAt({ ...parts, url: server.url });
  const calls = stack.use(await createRedisCallLog({ connect, prefix: "bench:" }));
  // The same driver, set the same way: what is compared is the work, not the waiting for it.
  const bare = connect();
  stack.defer(() => bare.disconnect());
  await once(bare, "ready");

  const ratios: number[] = [];
  for (let round = 1 - warmUpRounds; round <= rounds; round += 1) {
    const times = { ours: [] as number[], theirs: [] as number[] };
    for (let call = 0; call < callsPerRound; call += 1) {
      // One of the twenty is always the same, and full after a while: a refusal here and there.
      const bucket = call % buckets === 0 ? "full" : `${call % buckets} ${round}`;
      times.ours.push(await timed(() => calls.charge({ bucket, ...rate })));
      times.theirs.push(await timed(() => bare.get(`bench:${call % buckets}`)));
    }
    if (round < 1) continue;
    const [ours, theirs] = [median(times.ours), median(times.theirs)];
    say(`  a check p50 ${(1_000 * ours).toFixed(0)} µs, one GET ${(1_000 * theirs).toFixed(0)} µs`);
    ratios.push(ours / theirs);
  }
  const figure = "rate-limit check with Redis ÷ one Redis round trip";
  return figureOf({ figure, good: "at most", gate: 1.5, aim: 1.1 }, ratios);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
