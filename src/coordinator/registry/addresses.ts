/** Which of a node's hosts may be given to clients. Pure. */
import { addressKind, plainAddress, type AddressKind } from "../../host/address-kind.ts";

export const addressPolicies = ["loopback", "private", "public"] as const;
/** Each includes the former; a mesh counts as private. */
export type AddressPolicy = (typeof addressPolicies)[number];

const reach: Record<AddressKind, number> = { loopback: 0, mesh: 1, private: 1, public: 2 };

export const allows = (policy: AddressPolicy, kind: AddressKind): boolean =>
  reach[kind] <= addressPolicies.indexOf(policy);

/** The narrowest policy under which an address of this kind is listed. */
export const policyOf = (kind: AddressKind): AddressPolicy => addressPolicies[reach[kind]]!;

/**
 * The node's own word on where it listens, else where its beat came from. Empty where the policy allows none.
 * A node that says "loopback" is believed only over loopback: anybody else would be sent to their own machine.
 */
export function listedHosts(
  policy: AddressPolicy,
  source: string,
  stated: readonly string[],
): string[] {
  const isLocal = addressKind(source) === "loopback";
  const isAllowed = (host: string) => {
    const kind = addressKind(host);
    if (!kind || !allows(policy, kind)) return false;
    return kind !== "loopback" || isLocal;
  };
  const own = [...new Set(stated.map(plainAddress))].filter(isAllowed);
  if (own.length > 0) return own;
  const from = plainAddress(source);
  return isAllowed(from) ? [from] : [];
}

/** `host:port` as it stands in a URL. */
export const hostPort = (host: string, port: number): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;
