/** Whether this machine is in a Tailscale or Headscale mesh, as what, and who says so. */
import { networkInterfaces } from "node:os";
import type { Clock } from "../../base/clock.ts";
import { addressKind } from "../address-kind.ts";
import type { Environment } from "../env.ts";
import { createLocalApi, type LocalApi, socketPath } from "./local-api.ts";
import { createTailscaleCommand, type TailscaleCommand } from "./tailscale-command.ts";
import { addressesIn } from "./tailscale-output.ts";

/**
 * How it was found. Only an `interface` can be listened on and dialled from: without one, tailscaled runs in user space
 * and passes what arrives in the mesh on to this machine's loopback.
 */
export type MeshSource = "interface" | "tailscale" | "local-api";

export type Mesh =
  { kind: "none" } | { kind: "mesh"; addresses: readonly string[]; name?: string; via: MeshSource };

/** Where the answer is looked for. */
export interface MeshSources {
  /** Addresses of this machine's interfaces now. */
  interfaces: () => string[];
  tailscale: TailscaleCommand;
  localApi: LocalApi;
}

const ipTimeoutMs = 3_000;
export const noMesh: Mesh = { kind: "none" };

/** Addresses of this machine's interfaces. */
export const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));

export const meshSources = (environment: Environment, clock: Clock): MeshSources => ({
  interfaces: ownAddresses,
  tailscale: createTailscaleCommand(environment, clock),
  localApi: createLocalApi(socketPath(process.platform), clock),
});

/** The first that knows: an interface, `tailscale ip -4`, tailscaled's socket. Never rejects. */
export async function detectMesh({ interfaces, tailscale, localApi }: MeshSources): Promise<Mesh> {
  const own = meshOn(interfaces());
  if (own.kind === "mesh") return own;
  const printed = await tailscale(["ip", "-4"], ipTimeoutMs);
  const told = printed.kind === "ended" && printed.code === 0 ? addressesIn(printed.stdout) : [];
  const status = await localApi();
  // A mesh that was left for now keeps its address, and `tailscale ip` goes on printing it.
  if (status && status.state !== "Running") return noMesh;
  const name = status?.name ? { name: status.name } : {};
  if (told.length > 0) return { kind: "mesh", addresses: told, ...name, via: "tailscale" };
  if (!status || status.addresses.length === 0) return noMesh;
  return { kind: "mesh", addresses: status.addresses, ...name, via: "local-api" };
}

/** By interfaces alone: cheap enough for every question. */
export function meshOn(own: readonly string[]): Mesh {
  const addresses = own.filter((address) => addressKind(address) === "mesh");
  return addresses.length > 0 ? { kind: "mesh", addresses, via: "interface" } : noMesh;
}

/** What a role that runs for weeks says of the mesh: interfaces as they are now, the rest as found at the start. */
export function watchMesh(found: Mesh, interfaces: () => string[] = ownAddresses): () => Mesh {
  return () => {
    const now = meshOn(interfaces());
    if (now.kind === "mesh") return now;
    return found.kind === "mesh" && found.via === "interface" ? noMesh : found;
  };
}
