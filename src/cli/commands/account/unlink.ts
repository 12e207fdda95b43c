/** `troop account unlink`: a lost machine's key acts for nobody any more. */
import { TroopError } from "../../../protocol/error-codes.ts";
import { type CommandContext, connectCoordinator } from "../../context.ts";
import { identityOf } from "../../identity.ts";
import { liveKeys, readKeys, revokeKey } from "./keys.ts";

export interface UnlinkFlags {
  key: string;
  yes?: boolean;
}

/** Fewer characters of a key could name the wrong one by a slip. */
const shortestName = 6;

export async function accountUnlink(context: CommandContext, flags: UnlinkFlags): Promise<void> {
  const { output, questions, shutdown: signal } = context;
  const identity = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  const live = liveKeys(await readKeys(coordinator, identity, signal));
  const named = live.filter(({ key }) => key.startsWith(flags.key));
  const [found] = named;
  if (!found || named.length > 1 || flags.key.length < shortestName)
    throw new TroopError("key_unknown", `No one live key of the account begins with that.`, {
      details: { run: "troop account show" },
    });
  const isHere = found.key === identity.signer.id;
  const preview = [
    `Revoke the key ${found.key}${isHere ? ", which is this machine's," : ""} for ever.`,
    `${live.length - 1} of the account's keys will be left.`,
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was revoked.");
  const answer = await revokeKey(coordinator, identity, found.key, signal);
  output.say(`Revoked: ${output.bold(found.key)}`);
  output.json({ account_id: answer.account_id, key: found.key, revoked: true });
}
