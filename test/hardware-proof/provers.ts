/** Provers for tests: honest ones, and some that leave work out. Real work throughout, at the smallest sizes. */
import { systemClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/protocol/bytes.ts";
import {
  chainKeys,
  type ChainTask,
  entryWord,
  mixRow,
} from "../../src/protocol/hardware-proof/chain.ts";
import { commitmentOf, type ProofBinding } from "../../src/protocol/hardware-proof/commitment.ts";
import type { RowPlace } from "../../src/protocol/hardware-proof/opening.ts";
import { chainTask, drawRows } from "../../src/coordinator/verification/challenge.ts";
import {
  checkOpening,
  type Verdict,
} from "../../src/coordinator/verification/check/check-opening.ts";
import {
  createChainProver,
  type Multiplier,
  rowsPerStep,
} from "../../src/worker/proof/chain-prover.ts";
import { commitChain, type CommittedChain } from "../../src/worker/proof/commit-chain.ts";
import type { ChainProver } from "../../src/worker/proof/prover.ts";
import { createReferenceProver } from "../../src/worker/proof/reference-prover.ts";
import { createWasmMultiplier, createWasmProver } from "../../src/worker/proof/wasm-prover.ts";
import type { Random } from "../../src/base/random.ts";

const parts = { clock: systemClock };
export const wasmProver = createWasmProver(parts);
export const referenceProver = createReferenceProver(parts);
/** Of whatever is not called off. */
export const { signal } = new AbortController();

/** Does the work, and then something else. @param spoil told the layer whose product is or was the last */
const spoiltProver = (spoil: (honest: Multiplier, layer: () => number) => Partial<Multiplier>) =>
  createChainProver(
    "wasm",
    (n, rightKey) => {
      const honest = createWasmMultiplier(n, rightKey);
      let layer = -1;
      const counting: Multiplier = {
        ...honest,
        multiply(first) {
          if (first === 0) layer += 1;
          honest.multiply(first);
        },
      };
      return { ...counting, ...spoil(counting, () => layer) };
    },
    parts,
  );

/** Makes up the rows for which `isSkipped` holds, and goes on from what it made up: all that follows fits it. */
export const skippingProver = (isSkipped: (place: RowPlace) => boolean): ChainProver =>
  spoiltProver((honest, layerOf) => ({
    multiply(first) {
      honest.multiply(first);
      const layer = layerOf();
      for (let row = first; row < first + rowsPerStep; row += 1)
        if (isSkipped({ layer, row })) makeUp(honest.product(row), 8_192 * layer + row);
    },
  }));

/** Mixes each row with itself, as whoever has only that row would have to. */
export const partnerlessProver = (task: ChainTask): ChainProver =>
  spoiltProver((honest, layerOf) => ({
    setLeft(row, entries) {
      const own = honest.product(row);
      if (layerOf() >= 0) mixRow(chainKeys(task).layers[layerOf()]!, row, own, own, entries);
      honest.setLeft(row, entries);
    },
  }));

/** Entries of a size that products have. */
function makeUp(row: Int32Array, key: number): void {
  for (let column = 0; column < row.length; column += 1)
    row[column] = (entryWord(key, column) & 0x1fff) - 4_096;
}

/** One that has computed a task already, and keeps all of it: what it shows costs nothing. */
export async function rememberingProver(
  prover: ChainProver,
  task: ChainTask,
): Promise<ChainProver> {
  const places = Array.from({ length: task.layers * task.n }, (_, index) => ({
    layer: Math.floor(index / task.n),
    row: index % task.n,
  }));
  const digests = await prover.digests(task, signal);
  const rows = await prover.rows(task, places, signal);
  return {
    kind: prover.kind,
    digests: async () => digests,
    rows: async (_task, wanted) => wanted.map(({ layer, row }) => rows[layer * task.n + row]!),
  };
}

export const master = sha256("the coordinator's secret");
export const bindingOf = (session: string, node = "a-node"): ProofBinding => ({ session, node });
export const taskOf = (binding: ProofBinding, n = 256, layers = 4) =>
  chainTask(master, binding, { n, layers });

export interface Attempt {
  binding: ProofBinding;
  task: ChainTask;
  chain: CommittedChain;
}

/** What an honest coordinator says to a committed chain: draws rows, has them shown, checks them. */
export async function judge({ binding, task, chain }: Attempt, random: Random): Promise<Verdict> {
  const commitment = commitmentOf(binding, task, chain.layerRoots);
  const asked = drawRows(random, task);
  const opening = await chain.open(asked, signal);
  return checkOpening({ binding, task, commitment, asked, opening }, random.bytes(4 * task.n));
}

/** The whole of a session. */
export async function prove(
  prover: ChainProver,
  random: Random,
  { session = "a-session", n = 256, layers = 4 } = {},
): Promise<Verdict> {
  const binding = bindingOf(session);
  const task = taskOf(binding, n, layers);
  return judge({ binding, task, chain: await commitChain(prover, task, signal) }, random);
}
