/**
 * Machines on networks of their own, as Linux namespaces: a coordinator between a worker's network and a client's. It
 * passes packets from one to the other only while the test lets it. Needs root.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { pathOf, programs } from "../../tools/services/programs.ts";
import { type Running, startProgram, type StartOptions } from "./processes.ts";

export type Machine = "coordinator" | "worker" | "client";

export interface Namespaces extends Disposable {
  /** Reachable from both sides. */
  readonly coordinatorHost: string;
  readonly workerHost: string;
  /** Starts a program on one of the machines. */
  start(machine: Machine, words: readonly string[], options?: StartOptions): Running;
  /** From now on worker and client reach each other, or do not: packets vanish without a word. */
  forward(isOpen: boolean): void;
}

const networks = { worker: "10.77.0", client: "10.78.0" } as const;

export function createNamespaces(): Namespaces {
  const ip = pathOf(programs.ip);
  const tag = randomBytes(3).toString("hex");
  const nameOf = (machine: Machine) => `troop-${tag}-${machine}`;
  const run = (...words: string[]) => execFileSync(ip, words, { stdio: "pipe" });
  const within = (machine: Machine, ...words: string[]) => run("-n", nameOf(machine), ...words);
  const machines: Machine[] = ["coordinator", "worker", "client"];

  for (const machine of machines) {
    run("netns", "add", nameOf(machine));
    within(machine, "link", "set", "lo", "up");
  }
  for (const machine of ["worker", "client"] as const) {
    const network = networks[machine];
    const [near, far] = [`t${tag}${machine[0]}`, `t${tag}${machine[0]}r`];
    run("link", "add", near, "netns", nameOf(machine), "type", "veth", "peer", "name", far);
    run("link", "set", far, "netns", nameOf("coordinator"));
    within(machine, "addr", "add", `${network}.2/24`, "dev", near);
    within("coordinator", "addr", "add", `${network}.1/24`, "dev", far);
    within(machine, "link", "set", near, "up");
    within("coordinator", "link", "set", far, "up");
    within(machine, "route", "add", "default", "via", `${network}.1`);
  }
  const forward = (isOpen: boolean) => {
    const text = `echo ${isOpen ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`;
    run("netns", "exec", nameOf("coordinator"), "sh", "-c", text);
  };
  forward(false);
  return {
    coordinatorHost: `${networks.worker}.1`,
    workerHost: `${networks.worker}.2`,
    forward,
    start: (machine, words, options) =>
      startProgram(ip, ["netns", "exec", nameOf(machine), ...words], options),
    [Symbol.dispose]() {
      for (const machine of machines) run("netns", "del", nameOf(machine));
    },
  };
}
