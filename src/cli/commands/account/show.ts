/** `troop account show`: the account's id, this machine's key, and every key that acts or once acted for it. */
import type { KeysAnswer } from "../../../protocol/endpoints.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { type CommandContext, connectCoordinator } from "../../context.ts";
import { type Identity, identityOf } from "../../identity.ts";
import { readKeys } from "./keys.ts";

export async function accountShow(context: CommandContext): Promise<void> {
  const { output } = context;
  const identity = await identityOf(context);
  const found = await keysOf(context, identity);
  output.say(`account  ${output.bold(identity.accountId)}`);
  output.say(`key      ${identity.signer.id}  (this machine's)`);
  if (!found) output.note("Without a coordinator the account's other keys are not known.");
  else
    output.table(
      ["key", "since", "state"],
      found.keys.map(({ key, created_at, revoked_at }) => [
        key === identity.signer.id ? `${key} (this machine)` : key,
        dateOf(created_at),
        revoked_at === null ? "acts" : `revoked ${dateOf(revoked_at)}`,
      ]),
    );
  output.json({
    account_id: identity.accountId,
    key: identity.signer.id,
    keys: found?.keys ?? null,
  });
}

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** An account that has not asked for anything yet is not known there; its id is worth showing all the same. */
async function keysOf(
  context: CommandContext,
  identity: Identity,
): Promise<KeysAnswer | undefined> {
  try {
    await using coordinator = connectCoordinator(context);
    return await readKeys(coordinator, identity, context.shutdown);
  } catch (error) {
    const isBearable =
      error instanceof TroopError &&
      ["configuration_invalid", "coordinator_unreachable", "timeout", "account_unknown"].includes(
        error.code,
      );
    if (!isBearable) throw error;
    return undefined;
  }
}
