/** What README.md tells people to type. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fencedCommandsIn } from "../house-rules/documented.ts";
import { repository } from "../house-rules/source-files.ts";

export const readme = readFileSync(join(repository, "README.md"), "utf8");

/** The one command in README's blocks of shell that matches. */
export function readmeCommand(pattern: RegExp): string {
  const found = fencedCommandsIn(readme).filter((line) => pattern.test(line));
  if (found.length !== 1)
    throw new Error(`README.md has ${found.length} commands like ${String(pattern)}, not one`);
  return found[0]!;
}
