/** Where this package lies, in a checkout and installed alike, and which version it is. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert } from "../base/error.ts";

/** The folder that holds `package.json`, `models/` and `engines/`. */
export const packageFolder: string = findUp(dirname(fileURLToPath(import.meta.url)));

function findUp(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  assert(dirname(folder) !== folder, "no package.json above the program");
  return findUp(dirname(folder));
}

export const packageVersion: string = (
  JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string }
).version;

/** The toy model that the demo answers with when no other engine is there. */
export const toyModelFile: string = join(packageFolder, "models", "troop-toy.gguf");
