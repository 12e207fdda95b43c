/**
 * Merkle trees over 32-byte leaves, a power of two of them. A level is one flat array of hashes, leaves first and
 * the root last; a path is the siblings from leaf to root. Leaves are hashed elsewhere, under another label or from
 * another length, so that a leaf can never pass for an inner node.
 */
import { sha256 } from "./bytes.ts";

export const hashBytes = 32;
const nodeLabel = Buffer.from("troop-node/1");

/** One array for all parents of a tree: hashing takes a microsecond, and joining two arrays for it as long again. */
function createParentHash() {
  const bytes = new Uint8Array(nodeLabel.length + 2 * hashBytes);
  bytes.set(nodeLabel);
  return (left: Uint8Array, right: Uint8Array): Uint8Array => {
    bytes.set(left, nodeLabel.length);
    bytes.set(right, nodeLabel.length + hashBytes);
    return sha256(bytes);
  };
}

const hashAt = (level: Uint8Array, index: number): Uint8Array =>
  level.subarray(index * hashBytes, (index + 1) * hashBytes);

/** @param leaves 32 bytes each, one after another; as many as a power of two */
export function merkleLevels(leaves: Uint8Array): Uint8Array[] {
  const parentOf = createParentHash();
  const levels = [leaves];
  for (let below = leaves; below.length > hashBytes; below = levels.at(-1)!) {
    const level = new Uint8Array(below.length / 2);
    for (let index = 0; index < level.length / hashBytes; index += 1) {
      const parent = parentOf(hashAt(below, 2 * index), hashAt(below, 2 * index + 1));
      level.set(parent, index * hashBytes);
    }
    levels.push(level);
  }
  return levels;
}

export const merklePath = (levels: readonly Uint8Array[], index: number): Uint8Array[] =>
  levels.slice(0, -1).map((level, height) => hashAt(level, (index >> height) ^ 1));

/** The root of the tree that has `leaf` at `index` and these siblings above it. */
export function merkleRoot(leaf: Uint8Array, index: number, path: readonly Uint8Array[]) {
  const parentOf = createParentHash();
  return path.reduce(
    (node, sibling, height) =>
      (index >> height) & 1 ? parentOf(sibling, node) : parentOf(node, sibling),
    leaf,
  );
}
