/** Whether the data folder, which holds keys, is there and open to its owner only. */
import { shellWord } from "../../../host/shell-word.ts";
import type { Desk } from "./desk.ts";
import { type Found, type Mend, ok, problem, warning } from "./finding.ts";
import { entriesUnder, type Entry, type Place, placeOf, real } from "./place.ts";

const entriesMost = 10_000;

export interface FolderFacts {
  folder: string;
  /** The folder and what is in it; empty where it is not there. */
  entries: readonly Entry[];
  place: Place;
  /** Who looks; undefined where the system has no such ids. */
  userId: number | undefined;
}

export function judgePermissions({ folder, entries, place, userId }: FolderFacts): Found[] {
  const word = shellWord(folder);
  const [root] = entries;
  if (!root)
    return [
      {
        ...warning("data_folder_missing", `${folder} is not there yet.`, `mkdir -p -m 700 ${word}`),
        mends: [{ kind: "mkdir", path: folder }],
      },
    ];
  const another = `mkdir -p -m 700 ${shellWord(`${folder}/monkey-troop`)}    (and name it: DATA_DIR)`;
  if (place === "shared")
    return [problem("data_folder_shared", `${folder} is not for Monkey Troop alone.`, another)];
  // Root may look at what is anybody's; it is its folder's owner whose keys lie there.
  const owner = userId === undefined || userId === 0 ? root.owner : userId;
  const foreign = entries.find((entry) => entry.owner !== owner);
  if (foreign) {
    const who = userId === 0 ? String(owner) : `"$(id -un)"`;
    const run = place === "ours" ? `sudo chown -R ${who} ${word}` : another;
    return [problem("data_folder_foreign", `${foreign.path} belongs to another user.`, run)];
  }
  const open = entries.filter(({ mode }) => (mode & 0o077) !== 0);
  // Behind a folder that is shut nobody gets at what is in it, whatever modes a database gives its files.
  if (open.length === 0 || (root.mode & 0o077) === 0)
    return [ok("data_folder_private", `${folder} is open to its owner only.`)];
  if (place === "not ours") {
    const cause = `${folder} holds nothing of ours yet, and others can read in it.`;
    return [warning("data_folder_not_ours", cause, another)];
  }
  const others = open.length > 1 ? ` and ${open.length - 1} more` : "";
  const cause = `${open[0]!.path}${others} can be read by others.`;
  const mends = open.map(({ path, mode }): Mend => ({
    kind: "chmod",
    path,
    mode: mode & 0o700,
    owner,
  }));
  return [
    {
      ...problem("data_folder_open", cause, `chmod -R go= ${word}`),
      mends,
    },
  ];
}

export function checkPermissions({ context: { config } }: Desk): Found[] {
  if (process.platform === "win32")
    return [ok("data_folder_not_checked", "Windows keeps other accounts out of your profile.")];
  const folder = real(config.dataFolder);
  const place = placeOf(folder);
  const entries = entriesUnder(folder, place === "shared" ? 1 : entriesMost);
  return judgePermissions({ folder, entries, place, userId: process.getuid?.() });
}
