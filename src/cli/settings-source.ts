/** Says of a setting that is not understood that the file in the data folder has it: nobody typed it just now. */
import { dataFolder } from "../host/folders.ts";
import { readSettingsFile, settingsFile } from "../host/settings-file.ts";
import { shellWord } from "../host/shell-word.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Surroundings } from "./context.ts";

/** @param folder where it was named */
export async function namingSettingsFile<Result>(
  { environment }: Surroundings,
  folder: string | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw withFile(error, environment, folder ?? dataFolder(environment));
  }
}

function withFile(error: unknown, own: Surroundings["environment"], folder: string): unknown {
  if (!(error instanceof TroopError) || error.code !== "configuration_invalid") return error;
  const { param, cause, details } = error;
  if (!param || own[param] || !(param in readSettingsFile(folder))) return error;
  const path = settingsFile(folder);
  return new TroopError(error.code, `${error.message} ${path} has it.`, {
    ...{ param, cause },
    details: { ...details, run: `grep -n ${param} ${shellWord(path)}` },
  });
}
