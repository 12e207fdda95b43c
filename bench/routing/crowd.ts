/** Many applications behind one sidecar, each asking again as soon as it has its answer: how many tokens they get. */
import { sleep } from "../../src/base/clock.ts";
import type { Random } from "../../src/base/random.ts";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { seededRandom } from "../../test/simulation/world/random.ts";
import { createModelledWorker, type WorkerSetting } from "./modelled-worker.ts";
import type { Router, RouterParts } from "./routers.ts";

export interface Scene {
  workers: readonly WorkerSetting[];
  /** How often each beginning is drawn, in shares of any sum. */
  popularity: readonly number[];
}

const clients = 32;
const runMs = 300_000;
const stepMs = 1_000;
const beginningTokens = 3_000;
const furtherTokens = 100;
const answerTokens = 100;
/** Who finds every slot taken asks again after this. */
const waitMs = 250;
const never = new AbortController().signal;

/** @returns tokens of the answers that were whole within five minutes of virtual time */
export async function deliveredTokens(
  { workers: settings, popularity }: Scene,
  createRouter: (parts: RouterParts) => Router,
  seed: number,
): Promise<number> {
  const clock = createFakeClock();
  const random = seededRandom(seed);
  const workers = settings.map((setting) => createModelledWorker(setting, clock));
  const router = createRouter({ workers, clock, random });
  let delivered = 0;

  /** One request, wherever it is taken. */
  async function ask(): Promise<void> {
    const beginning = drawn(popularity, random);
    const request = { beginning: String(beginning), beginningTokens, furtherTokens, answerTokens };
    const prompt = promptOf(beginning, random);
    const exclude = new Set<string>();
    while (clock.monotonic() < runMs) {
      const { node, begun, ended } = await router.send({ prompt, answerTokens }, exclude);
      const worker = workers.find(({ id }) => id === node);
      if (!worker) {
        exclude.clear();
        await sleep(clock, waitMs, never);
        continue;
      }
      const startedAt = clock.monotonic();
      let firstMs = 0;
      const isServed = await worker.serve(request, () => {
        firstMs = clock.monotonic() - startedAt;
        begun();
      });
      ended(isServed ? { firstMs, endMs: clock.monotonic() - startedAt } : undefined);
      if (!isServed) exclude.add(worker.id);
      else {
        if (clock.monotonic() <= runMs) delivered += answerTokens;
        return;
      }
    }
  }

  let living = clients;
  for (let client = 0; client < clients; client += 1)
    void (async () => {
      while (clock.monotonic() < runMs) await ask();
      living -= 1;
    })();
  while (living > 0) await clock.advance(stepMs);
  return delivered;
}

function drawn(shares: readonly number[], random: Random): number {
  const sum = shares.reduce((all, share) => all + share, 0);
  let rest = random.fraction() * sum;
  return shares.findIndex((share) => (rest -= share) < 0);
}

const charactersPerToken = 4;
const words = (text: string, tokens: number) =>
  text
    .repeat(Math.ceil((tokens * charactersPerToken) / text.length))
    .slice(0, tokens * charactersPerToken);

/** Nobody asks the same twice; what stands before it is shared. */
const promptOf = (beginning: number, random: Random): string =>
  words(`beginning ${beginning} `, beginningTokens) + words(`${random.uuid()} `, furtherTokens);
