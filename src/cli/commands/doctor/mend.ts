/** Does what `--fix` may do. */
import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, rmSync } from "node:fs";
import { shellWord } from "../../../host/shell-word.ts";
import type { Mend } from "./finding.ts";

/** As a shell would be told. */
export function mendText(mend: Mend): string {
  const word = shellWord(mend.path);
  switch (mend.kind) {
    case "chmod":
      return `chmod ${mend.mode.toString(8)} ${word}`;
    case "mkdir":
      return `mkdir -p -m 700 ${word}`;
    case "remove":
      return `rm ${word}`;
    default:
      return mend satisfies never;
  }
}

/** @returns why it could not be done; undefined where it was */
export function doMend(mend: Mend): string | undefined {
  try {
    if (mend.kind === "chmod") shut(mend);
    else if (mend.kind === "mkdir") mkdirSync(mend.path, { recursive: true, mode: 0o700 });
    else rmSync(mend.path, { force: true });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What was looked at may be something else by now: only what was opened, and is what it should be, is changed. */
function shut({ path, mode, owner }: Extract<Mend, { kind: "chmod" }>): void {
  // Where a pipe has taken its place nobody is waited for.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (stats.uid !== owner) throw new Error("it belongs to another user");
    if (!stats.isFile() && !stats.isDirectory()) throw new Error("it is no file and no folder");
    fchmodSync(file, stats.mode & mode);
  } finally {
    closeSync(file);
  }
}
