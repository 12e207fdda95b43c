/** Who runs this: the account, and the key that acts for it here. */
import { readAccountId } from "../host/account-files.ts";
import type { Signer } from "../protocol/signature.ts";
import { accountSigner, type CommandContext } from "./context.ts";

export interface Identity {
  /** Thumbprint of the account's first key, which need not be the one here. */
  accountId: string;
  signer: Signer;
}

/** Made on first use. @throws TroopError `key_file_invalid`, `data_folder_invalid` */
export async function identityOf(
  context: Pick<CommandContext, "config" | "random">,
): Promise<Identity> {
  const signer = await accountSigner(context);
  return { signer, accountId: readAccountId(context.config.dataFolder) ?? signer.id };
}
