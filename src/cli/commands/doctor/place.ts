/**
 * Whose a data folder is. DATA_DIR may name any folder, and doctor may be run by root: nothing is mended in one that
 * others use too, nor in one that holds nothing of ours.
 */
import { lstatSync, readdirSync, realpathSync, type Stats } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type Place = "ours" | "shared" | "not ours";

/** Files that only we make, by where they lie in a data folder. */
const ownFiles = [
  "account.key.json",
  "account.json",
  "client/client.sqlite",
  "worker/node.key.json",
  "coordinator/keys/ring-secret",
  "coordinator/keys/ticket-key.json",
  "coordinator/db/PG_VERSION",
  "worker.running.json",
  "client.running.json",
  "coordinator.running.json",
];

/** Folders of whole systems, macOS's too. */
const sharedFolders =
  "/ /Applications /Library /System /Users /Volumes /bin /boot /dev /dev/shm /etc /home /lib /lib64 /media /mnt /opt " +
  "/private /private/tmp /private/var /proc /root /run /sbin /snap /srv /sys /tmp /usr /usr/local /usr/share /var " +
  "/var/cache /var/lib /var/lib/private /var/log /var/run /var/spool /var/tmp";
/** In a home, where programs of all kinds have folders of their own. */
const sharedInHomes = [".cache", ".config", ".local", ".local/share", ".local/state", "Library"];
const aHome = /^\/(home|Users)\/[^/]+$/;
/** In a folder with this bit whoever may write keeps what is theirs. */
const sticky = 0o1000;

/** @param folder absolute, and links followed */
export function placeOf(folder: string, home: string = homedir()): Place {
  const [own, temporary] = [real(home), real(tmpdir())];
  const shared = [
    ...sharedFolders.split(" "),
    temporary,
    ...[own, home].flatMap((one) => [one, dirname(one), ...sharedInHomes.map((x) => join(one, x))]),
  ];
  if (shared.includes(folder) || aHome.test(folder)) return "shared";
  const stats = lookAt(folder);
  if (stats && (stats.mode & sticky) !== 0) return "shared";
  return ownFiles.some((name) => isOwnFile(folder, name)) ? "ours" : "not ours";
}

/** A link by one of our names may have been made by anybody. */
function isOwnFile(folder: string, name: string): boolean {
  const [role, ...rest] = name.split("/");
  if (rest.length > 0 && !lookAt(join(folder, role!))?.isDirectory()) return false;
  return lookAt(join(folder, name))?.isFile() === true;
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Links followed; as it is where it is not there. */
export function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export interface Entry {
  path: string;
  kind: "folder" | "file";
  mode: number;
  /** User id. */
  owner: number;
}

/** @param most of them. Breadth first, so that where there is too much of it the upper levels are seen. Links are left alone. */
export function entriesUnder(folder: string, most: number): Entry[] {
  const entries: Entry[] = [];
  const queue = [folder];
  for (const path of queue) {
    if (entries.length >= most) break;
    try {
      const stats = lstatSync(path);
      if (!stats.isFile() && !stats.isDirectory()) continue;
      const isFolder = stats.isDirectory();
      entries.push({
        ...{ path, kind: isFolder ? "folder" : "file", mode: stats.mode & 0o777 },
        owner: stats.uid,
      });
      if (isFolder) queue.push(...readdirSync(path).map((name) => join(path, name)));
    } catch (error) {
      // Gone in between, or shut to us, which its parent's owner says.
      if (path === folder && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return entries;
}
