/**
 * An address of this machine that is not loopback. Whose heartbeats come from there, and who listens on loopback, is
 * taken for a worker that nobody can reach: clients are sent to its relay.
 */
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { networkInterfaces } from "node:os";
import { addressKind } from "../../src/host/address-kind.ts";
import { pathOf, programs } from "../services/programs.ts";

export interface PrivateHost extends Disposable {
  readonly host: string;
}

/** One that is there, else one that is added for as long as it is needed, which takes root. */
export function privateHost(): PrivateHost {
  const present = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ address, family }) => family === "IPv4" && addressKind(address) === "private");
  if (present) return { host: present.address, [Symbol.dispose]: () => undefined };
  const host = `10.79.${randomInt(256)}.${randomInt(1, 255)}`;
  const change = (verb: "add" | "del") =>
    execFileSync(pathOf(programs.ip), ["addr", verb, `${host}/32`, "dev", "lo"]);
  change("add");
  return { host, [Symbol.dispose]: () => void change("del") };
}
