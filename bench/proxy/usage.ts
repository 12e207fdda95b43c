/** What processes have used, as Linux counts it. */
import { readdirSync, readFileSync } from "node:fs";

/** @param stat `/proc/<pid>/stat`: the name in brackets may hold anything, so fields count from behind it */
export const parseParent = (stat: string): number =>
  Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);

/** @param schedstat `/proc/<pid>/task/<thread>/schedstat`: nanoseconds on a core come first, which `stat` rounds to 10 ms */
export const parseCpuMs = (schedstat: string): number => Number(schedstat.split(" ")[0]) / 1e6;

/** @param status `/proc/<pid>/status` */
export function parseResidentKb(status: string): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (!found) throw new Error("the process has no memory: it has ended");
  return Number(found[1]);
}

const read = (pid: number, name: string): string => readFileSync(`/proc/${pid}/${name}`, "latin1");

/** Of all threads; those of our hops live as long as they do. */
export const cpuMsOf = (pids: readonly number[]): number =>
  pids
    .flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((thread) => read(pid, `task/${thread}/schedstat`)),
    )
    .reduce((sum, schedstat) => sum + parseCpuMs(schedstat), 0);

export const residentKbOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + parseResidentKb(read(pid, "status")), 0);

/** The process and all that it has started. */
export function familyOf(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(Number(name)) }));
  const below = (root: number): number[] => [
    root,
    ...parents.filter(({ parent }) => parent === root).flatMap((child) => below(child.pid)),
  ];
  return below(pid);
}

function parentOf(pid: number): number | undefined {
  try {
    return parseParent(read(pid, "stat"));
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
