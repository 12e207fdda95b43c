/** Whether the owner paused the worker, kept beside its journal: a restart is no reason to lend again. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface PauseNote {
  isLeft(): boolean;
  leave(): void;
  remove(): void;
}

/** @param folder the worker's own */
export function pauseNote(folder: string): PauseNote {
  const path = join(folder, "paused");
  return {
    isLeft: () => existsSync(path),
    leave: () => writeFileSync(path, "", { mode: 0o600 }),
    remove: () => rmSync(path, { force: true }),
  };
}
