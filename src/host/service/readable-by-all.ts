/** Whether a service that runs as nobody in particular gets as far as a file. */
import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

const readByAll = 0o004;
const enteredByAll = 0o001;

/**
 * The first place on the way to the file that is closed to others; undefined where there is none.
 * @throws what the file system says where the file is not there
 */
export function closedToOthers(
  file: string,
  modeOf = (path: string) => statSync(path).mode,
): string | undefined {
  const real = realpathSync(file);
  for (const folder of parentsOf(real))
    if ((modeOf(folder) & enteredByAll) === 0 || isHome(folder)) return folder;
  return (modeOf(real) & readByAll) === 0 ? real : undefined;
}

/** Shut by `ProtectHome=yes`, whatever their modes. */
const isHome = (folder: string) => ["/home", "/root", "/run/user"].includes(folder);

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}
