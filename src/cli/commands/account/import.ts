/** `troop account import`: brings an account back from its backup. */
import { readFileSync } from "node:fs";
import { accountKeyFile, adoptKey, writeAccountId } from "../../../host/account-files.ts";
import { ensureFolder } from "../../../host/folders.ts";
import { openBackup } from "../../../host/key-backup.ts";
import { readKey } from "../../../host/key-file.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { publicPartOf, thumbprintOf } from "../../../protocol/signature.ts";
import type { CommandContext } from "../../context.ts";
import { again } from "../../typed-command.ts";
import { adviseRestart } from "./keys.ts";

export interface ImportFlags {
  file: string;
  passphraseFile?: string;
  force?: boolean;
}

export async function accountImport(context: CommandContext, flags: ImportFlags): Promise<void> {
  const { output, questions, config, random } = context;
  const folder = ensureFolder(config.dataFolder);
  const text = readBackup(flags.file);
  const present = readKey(accountKeyFile(folder));
  if (present && !flags.force)
    throw new TroopError("usage", `${folder} holds an account already.`, {
      details: { run: `${again} --force    (the present key is kept beside the new one)` },
    });
  const passphrase = await questions.passphrase(flags.passphraseFile, false);
  const { accountId, key } = await openBackup(text, passphrase);
  const aside = adoptKey(folder, key, random);
  writeAccountId(folder, accountId, random);
  const id = thumbprintOf(publicPartOf(key));
  output.say(`Restored: account ${output.bold(accountId)}`);
  if (aside) output.note(`The former key is kept as ${aside}`);
  adviseRestart(context);
  output.json({ account_id: accountId, key: id, former_key_file: aside ?? null });
}

function readBackup(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TroopError("usage", `${file} cannot be read.`, { cause: error });
  }
}
