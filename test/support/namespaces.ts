/**
 * Machines on networks of their own, as Linux namespaces: a coordinator between a worker's network and a client's. It
 * passes packets from one to the other only while the test lets it. Needs root.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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
const machines: readonly Machine[] = ["coordinator", "worker", "client"];

/** A namespace lives as long as a process in it: named ones would need a mount, which not every root may make. */
function holdNamespace(): ChildProcess {
  const words = ["--net", "sh", "-c", "echo ready; exec sleep infinity"];
  return spawn("unshare", words, { stdio: ["ignore", "pipe", "inherit"] });
}

export async function createNamespaces(): Promise<Namespaces> {
  const ip = pathOf(programs.ip);
  const tag = randomBytes(3).toString("hex");
  const holders = new Map(machines.map((machine) => [machine, holdNamespace()]));
  const pidOf = (machine: Machine) => String(holders.get(machine)!.pid);
  for (const holder of holders.values())
    await new Promise((resolve) => holder.stdout!.once("data", resolve));
  const enter = (machine: Machine) => [`--net=/proc/${pidOf(machine)}/ns/net`];
  const run = (command: string, words: readonly string[]) =>
    execFileSync(command, words, { stdio: "pipe" });
  const within = (machine: Machine, ...words: string[]) =>
    run("nsenter", [...enter(machine), ip, ...words]);

  for (const machine of machines) within(machine, "link", "set", "lo", "up");
  for (const machine of ["worker", "client"] as const) {
    const network = networks[machine];
    const [near, far] = [`t${tag}${machine[0]}`, `t${tag}${machine[0]}r`];
    const [here, there] = [pidOf(machine), pidOf("coordinator")];
    run(ip, ["link", "add", near, "netns", here, "type", "veth", "peer", "name", far]);
    run(ip, ["link", "set", far, "netns", there]);
    within(machine, "addr", "add", `${network}.2/24`, "dev", near);
    within("coordinator", "addr", "add", `${network}.1/24`, "dev", far);
    within(machine, "link", "set", near, "up");
    within("coordinator", "link", "set", far, "up");
    within(machine, "route", "add", "default", "via", `${network}.1`);
  }
  const forward = (isOpen: boolean) => {
    const text = `echo ${isOpen ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`;
    run("nsenter", [...enter("coordinator"), "sh", "-c", text]);
  };
  forward(false);
  return {
    coordinatorHost: `${networks.worker}.1`,
    workerHost: `${networks.worker}.2`,
    forward,
    start: (machine, words, options) =>
      startProgram("nsenter", [...enter(machine), ...words], options),
    [Symbol.dispose]() {
      for (const holder of holders.values()) holder.kill("SIGKILL");
    },
  };
}
