/** What the account's commands share: its keys at the coordinator, and what must be started anew when they change. */
import type { CoordinatorClient } from "../../../host/coordinator-client.ts";
import { readRunFile } from "../../../host/run-file.ts";
import { type AccountKey, type KeysAnswer, keysAnswer } from "../../../protocol/endpoints.ts";
import type { CommandContext } from "../../context.ts";
import type { Identity } from "../../identity.ts";

/** @throws TroopError the coordinator's refusal, such as `account_unknown` */
export const readKeys = (
  coordinator: CoordinatorClient,
  { accountId, signer }: Identity,
  signal: AbortSignal,
): Promise<KeysAnswer> =>
  coordinator.call({
    method: "GET",
    path: `/users/${accountId}/keys`,
    answer: keysAnswer,
    ...{ signer, signal },
  });

export const linkKey = (
  coordinator: CoordinatorClient,
  { accountId, signer }: Identity,
  code: string,
  signal: AbortSignal,
): Promise<KeysAnswer> =>
  coordinator.call({
    method: "POST",
    path: `/users/${accountId}/keys`,
    body: { code },
    answer: keysAnswer,
    ...{ signer, signal },
  });

export const revokeKey = (
  coordinator: CoordinatorClient,
  { accountId, signer }: Identity,
  key: string,
  signal: AbortSignal,
): Promise<KeysAnswer> =>
  coordinator.call({
    method: "DELETE",
    path: `/users/${accountId}/keys/${key}`,
    answer: keysAnswer,
    ...{ signer, signal },
  });

export const liveKeys = ({ keys }: KeysAnswer): AccountKey[] =>
  keys.filter(({ revoked_at }) => revoked_at === null);

/** Roles that run here keep the key they were started with. */
export function adviseRestart({ config, output }: CommandContext): void {
  for (const [role, command] of [
    ["client", "up"],
    ["worker", "worker"],
  ] as const)
    if (readRunFile(config.dataFolder, role))
      output.note(`If \`troop ${command}\` runs here, start it anew: it still has the former key.`);
}
