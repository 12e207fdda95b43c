/** Whether there is an account here, and whether the coordinator knows it. */
import { accountKeyFile, readAccountId } from "../../../host/account-files.ts";
import { createCoordinatorClient } from "../../../host/coordinator-client.ts";
import { readKey } from "../../../host/key-file.ts";
import { balanceAnswer } from "../../../protocol/endpoints.ts";
import { type ErrorCode, TroopError } from "../../../protocol/error-codes.ts";
import { createSigner } from "../../../protocol/signature.ts";
import type { Desk } from "./desk.ts";
import { type Found, ok, problem, warning } from "./finding.ts";

export type AccountFacts =
  | { kind: "none" }
  | { kind: "unreadable"; reason: string; run: string }
  | { kind: "not asked"; id: string }
  | { kind: "known"; id: string; available: string }
  | { kind: "refused"; id: string; code: ErrorCode; reason: string };

export function judgeAccount(facts: AccountFacts): Found[] {
  switch (facts.kind) {
    case "none":
      return [
        warning("account_none", "There is no account here yet; it is made at first.", "troop up"),
      ];
    case "unreadable":
      return [problem("account_unreadable", facts.reason, facts.run)];
    case "not asked":
      return [
        ok("account_here", `Account ${facts.id}; the coordinator could not be asked about it.`),
      ];
    case "known":
      return [ok("account_known", `Account ${facts.id}, ${facts.available} credits to spend.`)];
    case "refused":
      if (facts.code === "account_unknown")
        return [
          warning(
            "account_unknown",
            `The coordinator does not know account ${facts.id} yet.`,
            "troop up",
          ),
        ];
      return [
        {
          ...problem("account_refused", `${facts.code}: ${facts.reason}`, "troop account show"),
          isPrivate: true,
        },
      ];
    default:
      return facts satisfies never;
  }
}

async function lookAtAccount({ context, coordinator }: Desk): Promise<AccountFacts> {
  const { config, clock, random, shutdown: signal } = context;
  const folder = config.dataFolder;
  let signer, id: string;
  try {
    const key = readKey(accountKeyFile(folder));
    if (!key) return { kind: "none" };
    signer = await createSigner(key);
    id = readAccountId(folder) ?? signer.id;
  } catch (error) {
    if (!(error instanceof TroopError)) throw error;
    const run = String(error.details["run"] ?? "troop account show");
    return { kind: "unreadable", reason: error.message, run };
  }
  if (coordinator.kind !== "answers") return { kind: "not asked", id };
  await using client = createCoordinatorClient({ url: coordinator.url, clock, random });
  try {
    const { available } = await client.call({
      ...{ method: "GET", path: `/users/${id}/balance`, answer: balanceAnswer, signer, signal },
    });
    return { kind: "known", id, available };
  } catch (error) {
    if (!(error instanceof TroopError)) throw error;
    return { kind: "refused", id, code: error.code, reason: error.message };
  }
}

export const checkAccount = async (desk: Desk): Promise<Found[]> =>
  judgeAccount(await lookAtAccount(desk));
