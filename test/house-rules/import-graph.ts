/** Which file imports which, with relative specifiers resolved to paths from the repository's root. */
import { posix } from "node:path";
import type { SourceFile } from "./source-files.ts";
import { importsOf } from "./source-text.ts";

export interface Import {
  from: string;
  /** A path from the repository's root, or the specifier itself where it names a package. */
  to: string;
  relative: boolean;
}

export const importsIn = (files: readonly SourceFile[]): Import[] =>
  files.flatMap((file) =>
    importsOf(file).map((specifier) => {
      const relative = specifier.startsWith(".");
      const to = relative ? posix.join(posix.dirname(file.path), specifier) : specifier;
      return { from: file.path, to, relative };
    }),
  );

/** Each cycle once, as the list of its files, by depth-first search. */
export function cyclesOf(imports: readonly Import[]): string[][] {
  const graph = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) cycles.push(path.slice(path.indexOf(file)));
    else if (!done.has(file)) {
      for (const { to } of graph.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
