/** Puts a planted bug into this process: the one module it belongs to is changed as it is loaded, and nothing else. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Mutant } from "./mutant.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

export const pathOf = ({ file }: Mutant): string => join(repository, file);

/** @throws Error where the mutant no longer fits */
export function mutate({ name, file, find, replace }: Mutant, text: string): string {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`mutant ${name} no longer fits its file: ${file}`);
  return before + replace + after;
}

export interface Planted {
  /** Whether the changed module has been loaded: a bug that nobody runs proves nothing. */
  readonly isLoaded: boolean;
}

/** Before anything under src/ is imported. */
export function plant(mutant: Mutant): Planted {
  const url = pathToFileURL(pathOf(mutant)).href;
  let isLoaded = false;
  registerHooks({
    load(asked, context, nextLoad) {
      const loaded = nextLoad(asked, context);
      if (asked !== url) return loaded;
      isLoaded = true;
      const { source } = loaded;
      const text = typeof source === "string" ? source : new TextDecoder().decode(source!);
      return { ...loaded, source: mutate(mutant, text) };
    },
  });
  return {
    get isLoaded() {
      return isLoaded;
    },
  };
}
