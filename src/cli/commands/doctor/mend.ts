/** Does what `--fix` may do. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
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
    if (mend.kind === "chmod") chmodSync(mend.path, mend.mode);
    else if (mend.kind === "mkdir") mkdirSync(mend.path, { recursive: true, mode: 0o700 });
    else rmSync(mend.path, { force: true });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
