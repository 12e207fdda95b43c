/**
 * Which nodes a person allows. A coordinator cannot read what is sealed to a node, but it could send you to a node of
 * its own; these lists, held against the signatures of nodes and owners, are what prevents that. Pure.
 */

export interface NodePolicy {
  /** Node ids; empty allows all. */
  onlyNodes: readonly string[];
  /** Thumbprints of owners' keys; empty allows all. */
  onlyOwners: readonly string[];
}

/** A node on either list is allowed; without lists every node is. */
export function isAllowed(
  { onlyNodes, onlyOwners }: NodePolicy,
  { node, owner }: { node: string; owner: string },
): boolean {
  if (onlyNodes.length === 0 && onlyOwners.length === 0) return true;
  return onlyNodes.includes(node) || onlyOwners.includes(owner);
}

export const isRestricted = ({ onlyNodes, onlyOwners }: NodePolicy): boolean =>
  onlyNodes.length > 0 || onlyOwners.length > 0;
