/** PostgreSQL refuses to run as root; in containers and on build machines, root is all there is. */
import { spawnSync } from "node:child_process";
import { chownSync, readFileSync } from "node:fs";

export interface Owner {
  uid: number;
  gid: number;
  /** Put before a command, this runs it as the owner. `setpriv` becomes the command, so signals reach it. */
  prefix: readonly string[];
}

// In a root folder that only root may enter (a chroot made by mktemp) the user needs root's way past permissions, and
// nothing more of root. Without the secure bit access(2), by which PostgreSQL finds its own programs, would deny it.
const waysOfRoot = [
  "--securebits=+no_setuid_fixup",
  "--inh-caps=+dac_override",
  "--ambient-caps=+dac_override",
];

/** Whom to run `program` as: for root the user that the package made, or `nobody`; anyone else stays who they are. */
export function stepDownFor(program: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = unprivilegedUser();
  const prefix = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  if (canRun([...prefix, program])) return { uid, gid, prefix };
  return { uid, gid, prefix: [...prefix, ...waysOfRoot] };
}

export function giveTo(owner: Owner | undefined, folder: string): void {
  if (owner) chownSync(folder, owner.uid, owner.gid);
}

const canRun = ([program = "", ...options]: readonly string[]) =>
  spawnSync(program, [...options, "--version"], { stdio: "ignore" }).status === 0;

function unprivilegedUser() {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const candidate of ["postgres", "nobody"]) {
    const [, , uid, gid] = users.find(([name]) => name === candidate) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("there is no user `postgres` or `nobody` to run PostgreSQL as");
}
