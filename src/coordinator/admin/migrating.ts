/** Migrations one by one, as an operator sees them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TroopError } from "../../protocol/error-codes.ts";
import { type Database } from "../database.ts";
import { migrateLatestDown, migrateUp, migrationStates } from "../migrations/migrate.ts";
import { migrations } from "../migrations/all.ts";

/** @returns names of those that ran now, in order */
export async function bringUp(database: Database): Promise<string[]> {
  const before = await appliedNames(database);
  await migrateUp(database);
  const after = await appliedNames(database);
  return after.filter((name) => !before.includes(name));
}

/** Takes the newest one back, or all of them. @returns names of those taken back, newest first */
export async function bringDown(database: Database, isAll: boolean): Promise<string[]> {
  const applied = (await appliedNames(database)).toReversed();
  const doomed = isAll ? applied : applied.slice(0, 1);
  for (const _name of doomed) await migrateLatestDown(database);
  return doomed;
}

export const appliedNames = async (database: Database): Promise<string[]> =>
  (await migrationStates(database))
    .filter(({ appliedAt }) => appliedAt !== null)
    .map(({ name }) => name);

const nameText = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Writes the next migration's file, empty, and lists it.
 * @param root of a checkout
 * @returns the file's path
 * @throws TroopError `usage` where the name is no file name, or this is no checkout
 */
export function writeMigration(root: string, name: string): string {
  const folder = join(root, "src", "coordinator", "migrations");
  const list = join(folder, "all.ts");
  if (!nameText.test(name))
    throw new TroopError(
      "usage",
      "A migration's name is words in lower case, such as add-regions.",
    );
  if (!existsSync(list))
    throw new TroopError("usage", "Migrations are written in a checkout of the sources.");
  const last = Math.max(...Object.keys(migrations).map((known) => Number.parseInt(known, 10)));
  const numbered = `${String(last + 1).padStart(4, "0")}-${name}`;
  const variable = name.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
  const file = join(folder, `${numbered}.ts`);
  writeFileSync(file, templateOf(variable), { flag: "wx" });
  writeFileSync(list, listedIn(readFileSync(list, "utf8"), numbered, variable));
  return file;
}

const templateOf = (variable: string): string => `/** What it is for. */
import { migrationOf } from "./statements.ts";

export const ${variable} = migrationOf(
  [
    // One statement each, up.
  ],
  [
    // And down, in the opposite order.
  ],
);
`;

const listedIn = (list: string, numbered: string, variable: string): string =>
  list
    .replace(/(import [^\n]*\n)(?!import)/, `$1import { ${variable} } from "./${numbered}.ts";\n`)
    .replace(/\n};\n$/, `\n  "${numbered}": ${variable},\n};\n`);
