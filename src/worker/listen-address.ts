/**
 * Where the worker listens, and what it says of that. By itself it takes this machine or the mesh; any other address,
 * and with it who may knock, is for its owner to name. What arrives is sealed wherever it comes from.
 */
import { addressKind, plainAddress } from "../host/address-kind.ts";
import { coordinatorKind } from "../host/coordinator-url.ts";
import type { ListenAddress } from "../host/listen.ts";
import { type Mesh, noMesh } from "../host/mesh/mesh.ts";
import { TroopError } from "../protocol/error-codes.ts";

/** Also the one port that the mesh's policy opens: `docs/mesh/headscale-policy.hujson`. */
export const usualPort = 8_080;
/** Ports tried before any free one is taken. */
const portsTried = 16;

const refuse = (reason: string) =>
  new TroopError("configuration_invalid", reason, { param: "WORKER_LISTEN" });

/**
 * The host that peers of this coordinator can reach: loopback beside a loopback coordinator, else the mesh.
 * @throws TroopError `configuration_invalid` where the machine is in no mesh
 */
export function announcedHost(
  coordinatorUrl: string,
  own: readonly string[],
  mesh: Mesh = noMesh,
): string {
  if (coordinatorKind(coordinatorUrl) === "loopback") return "127.0.0.1";
  const address = own.find((candidate) => addressKind(candidate) === "mesh");
  if (address) return address;
  // What it passes on comes from loopback, and would be taken for somebody who sits at this machine.
  if (mesh.kind === "mesh")
    throw refuse(
      "Tailscale runs in user space here, so there is no interface in the mesh to listen on. Start tailscaled without --tun=userspace-networking and start again.",
    );
  throw refuse(
    "This machine is in no mesh, so nobody could reach the worker. Join one (Tailscale, Headscale) and start again.",
  );
}

/** @throws TroopError `configuration_invalid` where nobody could reach it */
function checkListen(coordinatorUrl: string, { host }: ListenAddress): void {
  const kind = addressKind(host === "localhost" ? "127.0.0.1" : host);
  if (kind === "loopback" && coordinatorKind(coordinatorUrl) !== "loopback")
    throw refuse(
      `The coordinator is on another machine, and nobody there can reach ${host} without a relay.`,
    );
}

/**
 * Addresses to try in turn. One that was asked for is the only one; else the usual port or the next free one.
 * @param isRelayed it need not be reachable: clients come through a relay
 * @throws TroopError `configuration_invalid`
 */
export function listenCandidates(
  coordinatorUrl: string,
  asked: ListenAddress | undefined,
  own: readonly string[],
  mesh?: Mesh,
  isRelayed = false,
): ListenAddress[] {
  if (asked) {
    if (!isRelayed) checkListen(coordinatorUrl, asked);
    return [asked];
  }
  const isInMesh = own.some((address) => addressKind(address) === "mesh");
  const host = isRelayed && !isInMesh ? "127.0.0.1" : announcedHost(coordinatorUrl, own, mesh);
  const ports = Array.from({ length: portsTried }, (_, index) => usualPort + index);
  return [...ports, 0].map((port) => ({ host, port }));
}

/** "Every address of this machine": nobody else can dial that. */
const unspecified = new Set(["0.0.0.0", "::"]);

/**
 * What the snapshot says beyond the port: nothing where the beat's own source says it. A coordinator elsewhere is told
 * of loopback too: that nobody but a relay gets here.
 */
export const announcedHosts = ({ host }: ListenAddress, coordinatorUrl?: string): string[] =>
  unspecified.has(plainAddress(host)) ||
  (host === "127.0.0.1" &&
    (coordinatorUrl === undefined || coordinatorKind(coordinatorUrl) === "loopback"))
    ? []
    : [host];
