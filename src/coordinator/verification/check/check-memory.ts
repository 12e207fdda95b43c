/**
 * Whether the shown groups are those that were committed to, and the asked lanes of them were walked. Pure. It holds
 * no dataset: it computes the 512 items of each asked lane, 8,192 in all, which takes a twentieth of a second to a tenth.
 */
import { fromBase64url } from "../../../protocol/bytes.ts";
import type { ProofBinding } from "../../../protocol/hardware-proof/commitment.ts";
import {
  computedItems,
  groupBytes,
  groupDigest,
  groupPathLength,
  laneKey,
  lanesPerGroup,
  memoryCommitmentOf,
  type MemoryTask,
  resultBytes,
  walkLane,
} from "../../../protocol/hardware-proof/memory.ts";
import {
  groupOf,
  groupsToOpen,
  type MemoryOpening,
} from "../../../protocol/hardware-proof/memory-opening.ts";
import { unpackHashes } from "../../../protocol/hardware-proof/opening.ts";
import { merkleRoot } from "../../../protocol/merkle.ts";

/** What the prover said, and what it was asked. */
export interface MemoryClaim {
  readonly binding: ProofBinding;
  readonly task: MemoryTask;
  /** As it was received, before the lanes were asked for. */
  readonly commitment: Uint8Array;
  /** Lanes of the task. */
  readonly asked: readonly number[];
  readonly opening: MemoryOpening;
}

export type MemoryVerdict =
  | { readonly kind: "right" }
  /** The texts are not what was asked for. */
  | { readonly kind: "malformed" }
  /** The group is not what this session, this node and this task were committed with. */
  | { readonly kind: "other_commitment"; readonly group: number }
  /** The lane has another result: it was not walked, or not through this dataset. */
  | { readonly kind: "wrong_walk"; readonly lane: number };

export function checkMemory({
  binding,
  task,
  commitment,
  asked,
  opening,
}: MemoryClaim): MemoryVerdict {
  const groups = groupsToOpen(asked);
  if (opening.groups.length !== groups.length) return { kind: "malformed" };
  const shown = new Map<number, Uint8Array>();
  for (const [index, group] of groups.entries()) {
    const { results, path } = opening.groups[index]!;
    const bytes = fromBase64url(results);
    const siblings = unpackHashes(groupPathLength(task), path);
    if (bytes?.length !== groupBytes || !siblings) return { kind: "malformed" };
    const root = merkleRoot(groupDigest(bytes), group, siblings);
    if (Buffer.compare(memoryCommitmentOf(binding, task, root), commitment) !== 0)
      return { kind: "other_commitment", group };
    shown.set(group, bytes);
  }

  const key = laneKey(task);
  const readItem = computedItems(task);
  const result = new Int32Array(resultBytes / 4);
  for (const lane of asked) {
    walkLane(key, task.segments, lane, readItem, result);
    const at = (lane % lanesPerGroup) * resultBytes;
    const claimed = shown.get(groupOf(lane))!.subarray(at, at + resultBytes);
    if (Buffer.compare(claimed, new Uint8Array(result.buffer)) !== 0)
      return { kind: "wrong_walk", lane };
  }
  return { kind: "right" };
}
