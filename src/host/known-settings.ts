/** Every setting there is, and what a settings file names beside them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "./package.ts";
import { namesInSettingsFile, readSettingsFile } from "./settings-file.ts";

/** As `.env.example` lists them: tests hold it against the code and `docs/configuration.md`. */
export const knownSettings = (): string[] => {
  const example = readFileSync(join(packageFolder, ".env.example"), "utf8");
  return [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
};

/** Names that no command reads from there: misspelt, or not to be set in a file. @throws TroopError `data_folder_invalid` */
export function unreadSettings(dataFolder: string): string[] {
  const read = readSettingsFile(dataFolder);
  const known = new Set(knownSettings());
  return namesInSettingsFile(dataFolder).filter(
    (name) => !(name in read) || !known.has(name.replace(/_FILE$/, "")),
  );
}
