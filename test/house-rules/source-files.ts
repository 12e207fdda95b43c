/** The repository's own source files, read once for all rules, and how a rule reports what it found. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readSource, type SourceText } from "./source-text.ts";

export interface SourceFile extends SourceText {
  /** Path from the repository's root, with forward slashes. */
  path: string;
  text: string;
}

/** `path:line what`, one per violation: a rule holds when its list is empty. */
export type Violation = string;

export type Rule = (files: readonly SourceFile[]) => Violation[];

export const repository = join(import.meta.dirname, "../..");

/** Also how a test plants a violation: `sourceFile("src/base/x.ts", "…")`. */
export const sourceFile = (path: string, text: string): SourceFile => ({
  path,
  text,
  ...readSource(text),
});

export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    filesUnder(folder)
      .filter((path) => /\.(ts|mjs)$/.test(path))
      .map((path) => sourceFile(path, readFileSync(join(repository, path), "utf8"))),
  );
}

/** Tests and contracts beside the code may do what the code may not. */
export const isProduction = ({ path }: SourceFile) =>
  !/\.(test|contract|fixture)\.ts$|\/(recorded|scripted)-[^/]*\.ts$/.test(path);

export const productionFiles = () => sourceFiles("src").filter(isProduction);

/** Paths of the files in a folder of the repository; none where the folder does not exist (yet). */
export function filesUnder(folder: string): string[] {
  try {
    return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(repository.length + 1))
      .filter((path) => !path.split("/").includes("node_modules"))
      .sort();
  } catch {
    return [];
  }
}

/** A rule that forbids `pattern` in code, except in files that `allowed` names. */
export function forbid(pattern: RegExp, allowed: (path: string) => boolean = () => false): Rule {
  return (files) =>
    files
      .filter(({ path }) => !allowed(path))
      .flatMap(({ path, code }) =>
        Array.from(code.matchAll(pattern), (match) => {
          const line = code.slice(0, match.index).split("\n").length;
          return `${path}:${line} ${match[0].replaceAll(/\s+/g, " ").trim()}`;
        }),
      );
}

export const isNamed =
  (...names: string[]) =>
  (path: string) =>
    names.includes(path) || names.includes(basename(path));
