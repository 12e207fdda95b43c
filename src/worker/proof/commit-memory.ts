/** A dataset walked and committed to, by any prover, and the answer to "show these lanes". */
import { toBase64url } from "../../protocol/bytes.ts";
import {
  type Dataset,
  groupBytes,
  groupDigest,
  groupTree,
  lanesOf,
  resultBytes,
  type Walk,
} from "../../protocol/hardware-proof/memory.ts";
import { groupsToOpen, type MemoryOpening } from "../../protocol/hardware-proof/memory-opening.ts";
import { packHashes } from "../../protocol/hardware-proof/opening.ts";
import { hashBytes, merklePath } from "../../protocol/merkle.ts";
import type { MemoryProver } from "./memory-prover.ts";

export interface CommittedMemory {
  /** 32 bytes; `memoryCommitmentOf` makes the commitment of them. */
  readonly root: Uint8Array;
  /** @param asked the coordinator's choice */
  open(asked: readonly number[]): MemoryOpening;
}

/**
 * Keeps all results, sixteen bytes for each 32 KiB that were read, in the machine's own memory.
 * @param filled called once the dataset is held, and resolves with how it is to be walked
 */
export async function commitMemory(
  prover: MemoryProver,
  dataset: Dataset,
  filled: () => Promise<Walk>,
  signal: AbortSignal,
): Promise<CommittedMemory> {
  let results = new Uint8Array();
  let digests = new Uint8Array();
  let groups = 0;
  const groupAt = (group: number) => results.subarray(group * groupBytes, (group + 1) * groupBytes);
  const prepare = async () => {
    const walk = await filled();
    results = new Uint8Array(lanesOf({ ...dataset, ...walk }) * resultBytes);
    digests = new Uint8Array((results.length / groupBytes) * hashBytes);
    return walk;
  };
  const take = (piece: Uint8Array) => {
    results.set(piece, groups * groupBytes);
    for (const last = groups + piece.length / groupBytes; groups < last; groups += 1)
      digests.set(groupDigest(groupAt(groups)), groups * hashBytes);
  };
  await prover.walk(dataset, prepare, take, signal);
  const tree = groupTree(digests);
  return {
    root: tree.at(-1)!,
    open: (asked) => ({
      groups: groupsToOpen(asked).map((group) => ({
        results: toBase64url(groupAt(group)),
        path: packHashes(merklePath(tree, group)),
      })),
    }),
  };
}
