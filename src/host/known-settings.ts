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

/**
 * What programs that are started here read for themselves, and are handed from the file: llama.cpp and the drivers of
 * GPUs, and npm, which fetches engines.
 */
const othersOwn =
  /^((GGML|LLAMA|OMP|CUDA|NVIDIA|HIP|ROCR|HSA|VK|MESA|RADV)_\w+|(HTTPS?|NO)_PROXY|NPM_CONFIG_\w+)$/i;

/** Names that nobody reads from there: misspelt, or not to be set in a file. @throws TroopError `data_folder_invalid` */
export function unreadSettings(dataFolder: string): string[] {
  const read = readSettingsFile(dataFolder);
  const known = new Set(knownSettings());
  return namesInSettingsFile(dataFolder).filter(
    (name) => !(name in read) || !(known.has(name.replace(/_FILE$/, "")) || othersOwn.test(name)),
  );
}
