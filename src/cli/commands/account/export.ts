/** `troop account export`: the account's key as a file under a passphrase, to be kept where this machine is not. */
import { writeFileSync } from "node:fs";
import { accountKeyFile } from "../../../host/account-files.ts";
import { sealBackup } from "../../../host/key-backup.ts";
import { readKey } from "../../../host/key-file.ts";
import { shellWord } from "../../../host/shell-word.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { identityOf } from "../../identity.ts";

export interface ExportFlags {
  file: string;
  passphraseFile?: string;
}

export async function accountExport(context: CommandContext, flags: ExportFlags): Promise<void> {
  const { output, questions, config, random } = context;
  const { accountId, signer } = await identityOf(context);
  const passphrase = await questions.passphrase(flags.passphraseFile, true);
  const key = readKey(accountKeyFile(config.dataFolder))!;
  const sealed = await sealBackup({ accountId, key }, passphrase, random);
  writeNew(flags.file, sealed);
  output.say(`Backed up: account ${output.bold(accountId)} in ${flags.file}`);
  output.say(output.dim("Who has this file and its passphrase has the account."));
  output.json({ account_id: accountId, key: signer.id, file: flags.file });
}

/** Never over a file that is there: it may be the only copy of another account. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    const reason = isThere ? "is there already" : "cannot be written";
    throw new TroopError("usage", `${file} ${reason}.`, {
      cause: error,
      details: { run: `troop account export ${shellWord(`${file}.new`)}` },
    });
  }
}
