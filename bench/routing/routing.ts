/** Tokens delivered by our choice of nodes ÷ by chance, in virtual time: the machine's own speed has no part in it. */
import { type Figure, figureOf, type Gate, say } from "../figure.ts";
import { deliveredTokens, type Scene } from "./crowd.ts";
import type { WorkerSetting } from "./modelled-worker.ts";
import { ourRouter, randomRouter } from "./routers.ts";

const usual: Omit<WorkerSetting, "id"> = {
  ...{ slots: 12, promptRate: 2_000, answerRate: 40, cacheTokens: 16_384, multiplier: 1 },
};
const worker = (id: string, changes: Partial<WorkerSetting> = {}): WorkerSetting => ({
  ...usual,
  id,
  ...changes,
});
const alike = ["a", "b", "c", "d"].map((id) => worker(id));
const but = (changes: Partial<WorkerSetting>) => [...alike.slice(1), worker("a", changes)];

/** As many beginnings as the four caches hold together, and no single one of them. */
const beginnings = 16;
const even = Array.from({ length: beginnings }, () => 1);
/** The first is drawn as often as the second and the third together, and so on (Zipf). */
const skewed = even.map((_, at) => 1 / (at + 1));
const slower = { promptRate: usual.promptRate / 6, answerRate: usual.answerRate / 6 };

const scenes: readonly (Gate & Scene)[] = [
  {
    figure: "tokens delivered, shared beginnings ÷ random routing",
    ...{ good: "at least", gate: 1.5, aim: 2.3, workers: alike, popularity: even },
  },
  {
    figure: "the same, some beginnings far more popular",
    ...{ good: "at least", gate: 0.95, aim: 1.5, workers: alike, popularity: skewed },
  },
  {
    figure: "the same, one node six times slower and saying so",
    ...{ good: "at least", gate: 0.95, aim: 1.5, popularity: even },
    workers: but({ ...slower, multiplier: 1 / 6 }),
  },
  {
    figure: "the same, one node six times slower that claims to be twenty times faster",
    ...{ good: "at least", gate: 0.95, aim: 1.5, popularity: even },
    workers: but({ ...slower, multiplier: 20 }),
  },
  {
    figure: "the same, one beginning that everybody shares",
    ...{ good: "at least", gate: 0.95, aim: 1, workers: alike, popularity: [1] },
  },
];

export async function routingFigures(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const scene of scenes) {
    const ratios: number[] = [];
    for (let seed = 1; seed <= rounds; seed += 1) {
      const ours = await deliveredTokens(scene, ourRouter, seed);
      const random = await deliveredTokens(scene, randomRouter, seed);
      if (random === 0) throw new Error("nothing was delivered");
      say(`  ${scene.figure}, seed ${seed}: ${ours} ÷ ${random} tokens`);
      ratios.push(ours / random);
    }
    figures.push(figureOf(scene, ratios));
  }
  return figures;
}
