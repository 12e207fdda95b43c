/** A chain computed and committed to, by any prover, and the answer to "show these rows". */
import { toBase64url } from "../../protocol/bytes.ts";
import { chainKeys, type ChainTask } from "../../protocol/hardware-proof/chain.ts";
import { layerTrees, rowDigest } from "../../protocol/hardware-proof/commitment.ts";
import {
  type Opening,
  packHashes,
  packRow,
  placesToOpen,
  type RowPlace,
} from "../../protocol/hardware-proof/opening.ts";
import { hashBytes, merklePath } from "../../protocol/merkle.ts";
import type { ChainProver } from "./prover.ts";

export interface CommittedChain {
  /** 32 bytes a layer; `commitmentOf` makes the commitment of them. */
  readonly layerRoots: Uint8Array;
  /**
   * @param asked the coordinator's choice
   * @throws Error where a row came out differently the second time. A device that computes wrongly is told from a
   *   cheat only here: an honest worker gives the session up rather than show what it did not commit to.
   */
  open(asked: readonly RowPlace[], signal: AbortSignal): Promise<Opening>;
}

export async function commitChain(
  prover: ChainProver,
  task: ChainTask,
  signal: AbortSignal,
): Promise<CommittedChain> {
  const trees = layerTrees(task, await prover.digests(task, signal));
  const layerRoots = Buffer.concat(trees.map((levels) => levels.at(-1)!));
  return {
    layerRoots,
    async open(asked, opening) {
      const places = placesToOpen(chainKeys(task), task.n, asked);
      const rows = await prover.rows(task, places, opening);
      const shown = places.map(({ layer, row }, index) => {
        const levels = trees[layer]!;
        const values = rows[index]!;
        const committed = levels[0]!.subarray(row * hashBytes, (row + 1) * hashBytes);
        if (Buffer.compare(rowDigest(values), committed) !== 0)
          throw new Error(`row ${row} of layer ${layer} came out differently the second time`);
        return { values: packRow(values), path: packHashes(merklePath(levels, row)) };
      });
      return { layer_roots: toBase64url(layerRoots), rows: shown };
    },
  };
}
