/** What operators say and read at `/admin`: accounts, nodes, books, keys, invitations, and the operators themselves. */
import { z } from "zod";
import { creditsText, multiplierText } from "./credits.ts";
import { provenances } from "./hardware-proof/wire.ts";
import { thumbprintText, uuidText } from "./ids.ts";
import { limits } from "./limits.ts";
import { nodeStatuses } from "./node.ts";

const time = z.int().nonnegative();
const timeOrNull = time.nullable();
const line = (characters: number) =>
  z
    .string()
    .min(1)
    .max(characters)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]+$/u, "one line of text");

/** A place in a list that is newest first: rows behind it. */
export interface Place {
  at: number;
  id: string;
}
export const writePlace = ({ at, id }: Place): string => `${at}.${id}`;
const place = z
  .string()
  .regex(/^\d{1,15}\.[\w-]{1,64}$/)
  .transform((text): Place => {
    const [at = "", id = ""] = text.split(".");
    return { at: Number(at), id };
  });
const nextCursor = z.string().nullable();

export const adminPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(limits.pageMost).default(limits.pageDefault),
  cursor: place.optional(),
});

export const adminUser = z.strictObject({
  account_id: thumbprintText,
  created_at: time,
  balance: creditsText,
  held: creditsText,
  non_transferable: creditsText,
  vesting: creditsText,
  /** Live ones. */
  keys: z.int().nonnegative(),
  nodes: z.int().nonnegative(),
  revoked_at: timeOrNull,
  deleted_at: timeOrNull,
});
export type AdminUser = z.infer<typeof adminUser>;
export const adminUsers = z.strictObject({ users: z.array(adminUser), next_cursor: nextCursor });

export const adminNode = z.strictObject({
  node_id: thumbprintText,
  owner: thumbprintText,
  enrolled_at: time,
  multiplier: multiplierText,
  provenance: z.enum(provenances),
  /** What it said last; null where it is away. */
  status: z.enum(nodeStatuses).nullable(),
  /** By a verdict or by an operator; null where it is not. */
  quarantined_until: timeOrNull,
  /** Also where its owner's account is. */
  revoked: z.boolean(),
});
export type AdminNode = z.infer<typeof adminNode>;
export const adminNodes = z.strictObject({ nodes: z.array(adminNode), next_cursor: nextCursor });
export const adminNodesQuery = adminPage.extend({ owner: thumbprintText.optional() });

/** One that was made: the row in the books. */
export const adminGrant = z.strictObject({
  /** The transfer's, as the account's history has it. */
  id: uuidText,
  account: thumbprintText,
  amount: creditsText,
  /** Null where the account was deleted. */
  memo: z.string().nullable(),
  created_at: time,
  /** The operator, as in the audit log; null where it was granted before that was kept. */
  granted_by: z.string().nullable(),
});
export type AdminGrant = z.infer<typeof adminGrant>;

export const adminUserDetail = adminUser.extend({
  account_keys: z.array(
    z.strictObject({ key: thumbprintText, created_at: time, revoked_at: timeOrNull }),
  ),
  /** The latest hundred. */
  owned: z.array(adminNode),
  /** The latest hundred. */
  grants: z.array(adminGrant),
});

export const revokable = ["user", "node", "key"] as const;
/** What was cut off, and how long what it was given before still counts. */
export const revocationAnswer = z.strictObject({
  kind: z.enum(revokable),
  id: thumbprintText,
  revoked: z.boolean(),
  /** Tickets that are out there: of the account, or to the node. */
  open_tickets: z.int().nonnegative(),
  /** When the last of them takes no more requests, ms; null where there is none. Requests may run on for half an hour. */
  tickets_end_at: timeOrNull,
});
export type RevocationAnswer = z.infer<typeof revocationAnswer>;

export const quarantineRequest = z.strictObject({
  /** ms from now. */
  for_ms: z.int().min(1).max(limits.quarantineMostMs),
});

export const grantRequest = z.strictObject({
  /** The treasurer's own UUID for it: the same id never grants twice. */
  id: uuidText,
  account: thumbprintText,
  amount: creditsText.refine((text) => /[1-9]/.test(text), "more than nothing"),
  memo: line(limits.memoCharacters),
});
export const grantAnswer = z.strictObject({
  id: uuidText,
  account: thumbprintText,
  amount: creditsText,
  memo: z.string(),
  created_at: time,
  /** Who granted it first, where it is repeated. */
  granted_by: z.string().nullable(),
  /** It was granted before, under this id. */
  repeated: z.boolean(),
});

/** The books at a glance. */
export const ledgerAnswer = z.strictObject({
  accounts: z.int().nonnegative(),
  /** Minted so far: what all others have in all. */
  issued: creditsText,
  faucet: creditsText,
  commons: creditsText,
  users: creditsText,
  held: creditsText,
  vesting: creditsText,
  open_holds: z.int().nonnegative(),
  vesting_requests: z.int().nonnegative(),
  waiting_for_starter: z.int().nonnegative(),
  /** By treasurers, within the last day; and what they may grant within one. */
  granted: creditsText,
  grant_limit: creditsText,
  /** The latest twenty. */
  grants: z.array(adminGrant),
});
export const ledgerAudit = z.strictObject({
  sound: z.boolean(),
  offences: z.array(
    z.strictObject({
      invariant: z.int(),
      subject: z.string(),
      found: z.string(),
      expected: z.string(),
    }),
  ),
});

export const invitesRequest = z.strictObject({
  count: z.int().min(1).max(limits.invitesPerCall),
  /** ms from now. */
  for_ms: z.int().min(1).max(limits.inviteMostMs),
});
export const invitesMade = z.strictObject({ codes: z.array(z.string()), expires_at: time });
export const adminInvite = z.strictObject({
  /** The code's hash: the code itself is kept nowhere. */
  id: z.string(),
  created_at: time,
  expires_at: time,
  account: thumbprintText.nullable(),
  used_at: timeOrNull,
});
export const adminInvites = z.strictObject({
  invites: z.array(adminInvite),
  next_cursor: nextCursor,
});

export const operatorRoles = ["viewer", "operator", "treasurer"] as const;
export type OperatorRole = (typeof operatorRoles)[number];
export const operatorName = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,31}$/, "small letters, digits, dots, dashes and underscores");
export const adminOperator = z.strictObject({
  name: z.string(),
  role: z.enum([...operatorRoles, "administrator"]),
  /** Null where it is a setting. */
  created_at: timeOrNull,
  created_by: z.string().nullable(),
});
export type AdminOperator = z.infer<typeof adminOperator>;
export const adminOperators = z.strictObject({ operators: z.array(adminOperator) });
export const addOperatorRequest = z.strictObject({
  name: operatorName,
  role: z.enum(operatorRoles),
});
export const operatorRoleRequest = z.strictObject({ role: z.enum(operatorRoles) });
/** The password is shown this once. */
export const operatorMade = adminOperator.extend({ password: z.string() });

export const deletionRequest = z.strictObject({ dry_run: z.boolean().default(false) });
export const deletionAnswer = z.strictObject({
  account_id: thumbprintText,
  /** Null where nothing was done yet. */
  deleted_at: timeOrNull,
  keys: z.int().nonnegative(),
  nodes: z.int().nonnegative(),
  memos: z.int().nonnegative(),
  /** What nobody can spend from then on. */
  balance: creditsText,
});
export type DeletionAnswer = z.infer<typeof deletionAnswer>;

/** The keys of tickets: the one that signs, the next one, and those whose last tickets are still good. */
export const keyRingAnswer = z.strictObject({
  keys: z.array(
    z.strictObject({
      number: z.int(),
      /** It signs from then on, until the next one does, ms. */
      used_from: time,
      state: z.enum(["next", "signing", "published", "over"]),
    }),
  ),
});
export type KeyRingAnswer = z.infer<typeof keyRingAnswer>;
