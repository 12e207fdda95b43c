/** Shapes of the coordinator's control plane. What validates is also what the types and the OpenAPI document are made from. */
import { z } from "zod";
import { creditsText, multiplierText } from "./credits.ts";
import { thumbprintText, uuidText } from "./ids.ts";
import { inviteText } from "./invite.ts";
import { limits } from "./limits.ts";
import { modelName, offeredModel, peerSchema } from "./node.ts";
import { rateSchema } from "./price.ts";
import { puzzleSolution } from "./puzzle.ts";
import { lineOutcomes } from "./receipt.ts";
import { anchorText, secretNumber, secretPath, secretText } from "./secrets.ts";

const timestamp = z.int().nonnegative();

/** Every failure, everywhere. */
export const errorAnswer = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    /** Facts the caller needs to do better, such as the last heartbeat's order. */
    details: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  }),
  request_id: z.string(),
});

export const healthAnswer = z.strictObject({
  status: z.enum(["ok", "stopping"]),
  /** Tells a coordinator from an inference engine that happens to use the same port. */
  service: z.literal("monkey-troop-coordinator"),
  version: z.string(),
});

export const rootAnswer = z.strictObject({
  ...healthAnswer.pick({ service: true, version: true }).shape,
  /** Paths here. */
  links: z.strictObject({ docs: z.string(), openapi: z.string(), health: z.string() }),
});

export const publicKeyAnswer = z.strictObject({ public_key: z.string() });

/** The account is named by the proof; the body carries what a join policy asks for. */
export const createUserRequest = z.strictObject({
  invite: inviteText.optional(),
  puzzle: puzzleSolution.optional(),
});
export type CreateUserRequest = z.infer<typeof createUserRequest>;
export const createUserAnswer = z.strictObject({
  account_id: thumbprintText,
  created: z.boolean(),
});

/** Proven by the node key; `enrolment` is signed by the owner account. */
export const enrolNodeRequest = z.strictObject({
  enrolment: z.string().max(limits.proofBytes),
  /** Whether it will send receipts by shared key; the answer has the key, where the coordinator takes them. */
  hmac_receipts: z.boolean().optional(),
});
export const enrolNodeAnswer = z.strictObject({
  node_id: thumbprintText,
  owner: thumbprintText,
  multiplier: multiplierText,
  /** Hex. */
  receipt_key: z.string().optional(),
});

export const authorizeRequest = z.strictObject({
  /** The caller's own UUID for this ticket: the same id gets the same ticket. */
  id: uuidText,
  model: modelName,
  /** Without it the coordinator chooses. */
  node: thumbprintText.optional(),
  exclude: z.array(thumbprintText).max(32).optional(),
  max_budget: creditsText.optional(),
  anchor: anchorText,
});
export type AuthorizeRequest = z.infer<typeof authorizeRequest>;

export const authorizeAnswer = z.strictObject({
  ticket: z.string(),
  /** The same text under the name that earlier papers gave it. */
  token: z.string(),
  node: peerSchema,
  /** Host of the first address; null where the node is reachable by relay only. */
  target_ip: z.string().nullable(),
  hold: uuidText,
  budget: creditsText,
  multiplier: multiplierText,
  rate: rateSchema,
  /** What a request of 500 prompt and 500 completion tokens costs at most, in credits. */
  estimated_cost: creditsText,
  expires_at: timestamp,
});
export type AuthorizeAnswer = z.infer<typeof authorizeAnswer>;

/** A receipt by shared key: hex HMAC-SHA256 by the node's own key over `job_id:node_id:duration_seconds`. */
export const submitRequest = z.strictObject({
  /** The hold. */
  job_id: uuidText,
  node_id: thumbprintText,
  duration_seconds: z.int().min(1).max(limits.hmacReceiptSeconds),
  signature: z.string().regex(/^[0-9a-f]{64}$/, "32 bytes as hex"),
  /** Of a request that was really made under the hold. */
  proof: z.strictObject({ k: secretNumber, x: secretText, path: secretPath }),
});
export type SubmitRequest = z.infer<typeof submitRequest>;
export const submitAnswer = z.strictObject({
  job_id: uuidText,
  outcome: z.enum(lineOutcomes),
  paid: creditsText,
});
export type SubmitAnswer = z.infer<typeof submitAnswer>;

/** `posted` credits, what of them is reserved, what can be spent, what cannot be given away, what is on the way. */
export const balanceAnswer = z.strictObject({
  account_id: thumbprintText,
  balance: creditsText,
  held: creditsText,
  available: creditsText,
  non_transferable: creditsText,
  vesting: creditsText,
  /** Whole credits: seconds of an RTX 3060. */
  balance_seconds: z.int(),
});
export type BalanceAnswer = z.infer<typeof balanceAnswer>;

/** `request` and `own` are requests, at others' nodes and at one's own; the rest are transfers without one. */
export const historyKinds = ["request", "own", "gift", "grant", "issue"] as const;
export type HistoryKind = (typeof historyKinds)[number];

export const transactionsQuery = z.strictObject({
  kind: z.enum(historyKinds).optional(),
  limit: z.coerce.number().int().min(1).max(limits.pageMost).default(limits.pageDefault),
  cursor: z
    .string()
    .max(limits.shortTextCharacters * 2)
    .optional(),
});

const signedCredits = z.string().regex(/^-?(0|[1-9][0-9]{0,14})\.[0-9]{6}$/);
export const historyEntry = z.strictObject({
  id: z.string(),
  user_id: thumbprintText,
  amount: signedCredits,
  transaction_type: z.enum(["credit", "debit"]),
  kind: z.string(),
  /** Explains the charge in a line. */
  description: z.string(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  created_at: timestamp,
});
export type HistoryEntry = z.infer<typeof historyEntry>;
export const transactionsAnswer = z.strictObject({
  transactions: z.array(historyEntry),
  next_cursor: z.string().nullable(),
});

/** Proven by a live key of the giver. `id` is the caller's own: the same id gives once. */
export const transferRequest = z.strictObject({
  id: uuidText,
  to: thumbprintText,
  // Also asked of what is no amount at all, which must not be parsed.
  amount: creditsText.refine((text) => /[1-9]/.test(text), "more than nothing"),
  memo: z
    .string()
    .min(1)
    .max(limits.memoCharacters)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]+$/u, "one line of text")
    .optional(),
});
export type TransferRequest = z.infer<typeof transferRequest>;
export const transferAnswer = z.strictObject({
  id: uuidText,
  from: thumbprintText,
  to: thumbprintText,
  amount: creditsText,
  memo: z.string().nullable(),
  created_at: timestamp,
});
export type TransferAnswer = z.infer<typeof transferAnswer>;

/** One key of an account. A revoked one stays on record, and stays revoked. */
export const accountKey = z.strictObject({
  key: thumbprintText,
  created_at: timestamp,
  revoked_at: timestamp.nullable(),
});
export type AccountKey = z.infer<typeof accountKey>;
/** Proven by a live key of the account; `code` is signed by the key that is to act for it too. */
export const linkKeyRequest = z.strictObject({ code: z.string().max(limits.proofBytes) });
export const keysAnswer = z.strictObject({ account_id: thumbprintText, keys: z.array(accountKey) });
export type KeysAnswer = z.infer<typeof keysAnswer>;

/** What the sidecar's `GET /v1/models` says of a model offered by several nodes. */
export type ModelOffer = z.infer<typeof offeredModel>;
