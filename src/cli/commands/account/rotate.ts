/**
 * `troop account rotate`: another key for this machine, and the old one revoked. The new key is on disk before the
 * coordinator hears of it, and the old one stays on disk until nobody needs it: wherever this is cut off, one of the
 * two acts, and running it again goes on from there.
 */
import { adoptNextKey, nextKeyFile, writeAccountId } from "../../../host/account-files.ts";
import { loadSigner } from "../../../host/key-file.ts";
import { healthAnswer } from "../../../protocol/endpoints.ts";
import { createStatement } from "../../../protocol/statement.ts";
import { type CommandContext, connectCoordinator } from "../../context.ts";
import { identityOf } from "../../identity.ts";
import { adviseRestart, linkKey, revokeKey } from "./keys.ts";

export async function accountRotate(
  context: CommandContext,
  flags: { yes?: boolean },
): Promise<void> {
  const { output, questions, config, random, shutdown: signal } = context;
  const { accountId, signer: old } = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  await coordinator.call({ method: "GET", path: "/health", answer: healthAnswer, signal });
  const preview = [
    `Make a new key for this machine, link it to account ${accountId}, and revoke ${old.id} for ever.`,
    "Backups of the old key are worthless afterwards: export the account anew.",
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was changed.");
  const next = await loadSigner(nextKeyFile(config.dataFolder), random);
  const now = coordinator.time.now();
  const body = { account: accountId };
  const code = await createStatement(next, "troop-link+jwt", coordinator.url, now, body);
  await linkKey(coordinator, { accountId, signer: old }, code, signal);
  writeAccountId(config.dataFolder, accountId, random);
  const former = adoptNextKey(config.dataFolder);
  await revokeKey(coordinator, { accountId, signer: next }, old.id, signal);
  output.say(`Rotated: ${output.bold(next.id)} acts for the account; ${old.id} is revoked`);
  if (former) output.note(`The revoked key is kept as ${former}; it can be deleted.`);
  adviseRestart(context);
  output.json({ account_id: accountId, key: next.id, revoked: old.id });
}
