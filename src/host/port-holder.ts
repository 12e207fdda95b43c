/** Names the program that has a port or a file open, from Linux's own tables. Elsewhere nobody can be named. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename } from "node:path";

/** `"nginx (pid 812)"`, or undefined where it cannot be told (another user's process, not Linux). */
export function portHolder(port: number): string | undefined {
  try {
    const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listenersOf(table, port));
    return inodes.length > 0
      ? holderOf(new Set(inodes.map((inode) => `socket:[${inode}]`)))
      : undefined;
  } catch {
    return undefined;
  }
}

/** The same of a file. */
export const fileHolder = (path: string): string | undefined =>
  attempt(() => holderOf(new Set([realpathSync(path)])));

const listening = "0A";

function listenersOf(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync(table, "utf8").split("\n").slice(1);
  return rows.flatMap((row) => {
    const columns = row.trim().split(/\s+/);
    return columns[1]?.endsWith(suffix) && columns[3] === listening ? [columns[9]!] : [];
  });
}

function holderOf(files: ReadonlySet<string>): string | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (openFilesOf(pid).some((target) => files.has(target))) {
      return `${nameOf(pid)} (pid ${pid})`;
    }
  }
  return undefined;
}

/** From the command line: `comm` is the name of a thread, and Node calls its own "MainThread". */
function nameOf(pid: string): string {
  const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return basename(program) || readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

function openFilesOf(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  const names = attempt(() => readdirSync(folder)) ?? [];
  return names.flatMap((name) => attempt(() => readlinkSync(`${folder}/${name}`)) ?? []);
}

/** Processes end and belong to others while we look; what cannot be read is skipped. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
