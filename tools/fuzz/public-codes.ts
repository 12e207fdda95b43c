/** Every code that a coordinator's public calls may end with, and how those come about that no single call leads to. */
import { systemRandom } from "../../src/base/random.ts";
import type { CoordinatorConfig } from "../../src/coordinator/config.ts";
import {
  beatOf,
  makeSigner,
  type TestCoordinator,
} from "../../src/coordinator/coordinator.fixture.ts";
import type { ErrorCode } from "../../src/protocol/error-codes.ts";
import { limits } from "../../src/protocol/limits.ts";

export const publicCodes = [
  ...["invalid_json", "duplicate_key", "json_too_deep", "invalid_value", "unknown_parameter"],
  ...["unsupported_media_type", "request_too_large", "headers_too_large", "bad_framing"],
  ...["invalid_path", "not_found", "method_not_allowed", "request_timeout"],
  ...["missing_proof", "invalid_proof", "body_hash_mismatch", "clock_skew", "upgrade_required"],
  ...["rate_limit_exceeded", "idempotency_mismatch", "not_owner", "account_unknown"],
  ...["invalid_link", "key_in_use", "key_limit", "key_unknown", "last_key"],
  ...["join_required", "puzzle_invalid", "invite_invalid", "node_limit", "node_unknown"],
  ...["node_key_mismatch", "invalid_enrolment", "stale_heartbeat", "challenge_invalid"],
  ...["invalid_address", "insufficient_credits", "faucet_empty", "same_account"],
  ...["not_transferable", "model_not_found", "no_nodes_available", "ledger_unavailable"],
  ...["receipt_conflict", "request_unproven", "hold_not_found", "invalid_signature"],
  ...["budget_exhausted", "missing_ticket", "invalid_ticket"],
] as const satisfies readonly ErrorCode[];

type Open = (settings: Partial<CoordinatorConfig>) => Promise<TestCoordinator>;
interface Provocation {
  why: string;
  /** @returns the code that came */
  provoke(open: Open): Promise<string>;
}

const anchor = "A".repeat(43);
const wish = () => ({ id: systemRandom.uuid(), model: "a-model:1b", anchor });

/** What takes another setting than the one that is fuzzed, or more calls of one kind than chance makes. */
export const provocations: Partial<Record<ErrorCode, Provocation>> = {
  join_required: {
    why: "the coordinator that is fuzzed takes everybody in",
    provoke: async (open) => codeOf(await open({ joinPolicy: "invite" }), "/users", {}),
  },
  puzzle_invalid: {
    why: "the coordinator that is fuzzed asks for no work",
    provoke: async (open) =>
      codeOf(await open({ joinPolicy: "work" }), "/users", {
        puzzle: { challenge: "none", nonce: 0 },
      }),
  },
  invite_invalid: {
    why: "the coordinator that is fuzzed asks for no invitation",
    provoke: async (open) =>
      codeOf(await open({ joinPolicy: "invite" }), "/users", { invite: "none" }),
  },
  faucet_empty: {
    why: "the faucet of the one that is fuzzed is full",
    async provoke(open) {
      const troop = await open({ faucetDaily: 0n });
      await troop.serve(await makeSigner());
      return codeOf(troop, "/authorize", wish());
    },
  },
  ledger_unavailable: {
    why: "the database of the one that is fuzzed is there",
    async provoke(open) {
      // Nobody listens there.
      const troop = await open({ redisUrl: "redis://127.0.0.1:1", trustedProxies: ["127.0.0.1"] });
      return codeOf(troop, "/authorize", wish(), { "x-forwarded-for": "203.0.113.7" });
    },
  },
  key_in_use: {
    why: "chance seldom brings an account and another's link code together",
    async provoke(open) {
      const [troop, user, other] = [await open({}), await makeSigner(), await makeSigner()];
      for (const who of [user, other]) await troop.call(who, "POST", "/users", {});
      const code = await troop.statement(other, "troop-link+jwt", { account: user.id });
      const answer = await troop.call(user, "POST", `/users/${user.id}/keys`, { code });
      return answer.body.error?.code;
    },
  },
  invalid_address: {
    why: "chance seldom makes a whole heartbeat that comes from elsewhere",
    async provoke(open) {
      const troop = await open({ trustedProxies: ["127.0.0.1"] });
      const [node, owner] = [await makeSigner(), await makeSigner()];
      await troop.enrol(node, owner);
      const from = { "x-forwarded-for": "203.0.113.7" };
      return (await troop.call(node, "POST", "/heartbeat", beatOf(), from)).body.error?.code;
    },
  },
  node_limit: {
    why: "it takes more machines than chance enrols",
    async provoke(open) {
      const [troop, owner] = [await open({}), await makeSigner()];
      for (let count = 0; count < limits.nodesPerAccount; count += 1)
        await troop.enrol(await makeSigner(), owner);
      return (await troop.enrol(await makeSigner(), owner)).body.error?.code;
    },
  },
  key_limit: {
    why: "it takes more keys than chance links",
    async provoke(open) {
      const [troop, user] = [await open({}), await makeSigner()];
      await troop.call(user, "POST", "/users", {});
      const link = async () => {
        const code = await troop.statement(await makeSigner(), "troop-link+jwt", {
          account: user.id,
        });
        return troop.call(user, "POST", `/users/${user.id}/keys`, { code });
      };
      for (let count = 1; count < limits.liveKeysPerAccount; count += 1) await link();
      return (await link()).body.error?.code;
    },
  },
};

async function codeOf(
  troop: TestCoordinator,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await troop.call(await makeSigner(), "POST", path, body, headers);
  return answer.body.error?.code ?? String(answer.status);
}
