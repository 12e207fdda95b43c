/** Joining: who gets an account, and at what price. */
import type { Clock } from "../../base/clock.ts";
import type { Micro } from "../../protocol/credits.ts";
import type { CreateUserRequest } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { inviteId } from "../../protocol/invite.ts";
import { transact, type Database } from "../database.ts";
import type { Accounts, Joined, ProvenKey } from "./accounts.ts";
import { useInvite } from "./invite-store.ts";
import { workFor, type JoinWork } from "./join-work.ts";
import { insertAccountWithin } from "./store.ts";

/** `open`: everybody. `work`: whoever does some work, or has an invitation. `invite`: whoever has an invitation. */
export const joinPolicies = ["open", "work", "invite"] as const;
export type JoinPolicy = (typeof joinPolicies)[number];

export interface JoiningOptions {
  database: Database;
  clock: Clock;
  accounts: Accounts;
  policy: JoinPolicy;
  work: JoinWork;
  /** What a day's starter credits are, and what is left of them. */
  faucetDaily: Micro;
  faucetLeft: () => Promise<Micro>;
  /** Hashes that joining costs while the faucet is full. */
  leastWork?: number | undefined;
}

export type Joining = ReturnType<typeof createJoining>;

export function createJoining(options: JoiningOptions) {
  const { database, clock, accounts, policy, work, faucetDaily, faucetLeft, leastWork } = options;

  /** Says what joining takes here; where it is work, with the challenge. */
  async function requirement({ id }: ProvenKey): Promise<TroopError> {
    if (policy !== "work")
      return new TroopError("join_required", undefined, { details: { policy } });
    const hashes = workFor(await faucetLeft(), faucetDaily, leastWork);
    const challenge = work.challengeFor(id, hashes);
    return new TroopError("join_required", undefined, { details: { policy, challenge } });
  }

  /** @throws TroopError `invite_invalid` */
  const joinByInvite = ({ id, jwk }: ProvenKey, code: string): Promise<Joined> =>
    accounts.joinBy(id, () =>
      transact(database, async (tx) => {
        const now = clock.now();
        const isNew = await insertAccountWithin(tx, id, jwk, now);
        // Thrown, the account is not made either.
        if (isNew && !(await useInvite(tx, inviteId(code), id, now)))
          throw new TroopError("invite_invalid");
        return isNew;
      }),
    );

  return {
    policy,

    /**
     * Makes the account of a key. For a key that has one, nothing is asked and nothing used up.
     * @throws TroopError `join_required` with what is asked for in its details, `puzzle_invalid`, `invite_invalid`
     */
    async join(key: ProvenKey, { invite, puzzle }: CreateUserRequest): Promise<Joined> {
      const account = await accounts.accountOf(key.id);
      if (account) return { account, isNew: false };
      if (policy === "open") return accounts.join(key);
      if (invite !== undefined) return joinByInvite(key, invite);
      if (policy === "invite" || !puzzle) throw await requirement(key);
      await work.check(key.id, puzzle);
      return accounts.join(key);
    },

    /**
     * The account of a key that asks for what cannot be taken back: a ticket, a node. Made now where everybody may join.
     * @throws TroopError `join_required`, `account_revoked`
     */
    async admit(key: ProvenKey): Promise<string> {
      const account = await accounts.accountNow(key.id);
      if (account) return account;
      if (policy !== "open") throw await requirement(key);
      return (await accounts.join(key)).account;
    },
  };
}
