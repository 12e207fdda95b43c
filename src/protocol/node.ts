/** How a node and its models are described: in heartbeats, in peer lists, and beside a ticket. */
import { z } from "zod";
import { multiplierText, rateText } from "./credits.ts";
import { challengeSchema, provenances } from "./hardware-proof/wire.ts";
import { thumbprintText, uuidText } from "./ids.ts";
import { limits } from "./limits.ts";
import { rateSchema } from "./price.ts";
import { reputationScore } from "./reputation.ts";
import { publicJwk } from "./signature.ts";

const shortText = z.string().min(1).max(limits.shortTextCharacters);
/** As an engine calls it. */
export const modelName = z.string().min(1).max(limits.modelNameCharacters);
const keyStatementText = z.string().max(limits.keyStatementBytes);

export const capabilities = [
  "chat",
  "completion",
  "embedding",
  "vision",
  "tools",
  "reasoning",
  /** It chats, and goes on with an answer that another node began, as if it had begun it. */
  "prefill",
] as const;
export type Capability = (typeof capabilities)[number];

/** A model that a node offers. Everything here but the name is the engine's claim. */
export const modelSchema = z.strictObject({
  name: modelName,
  /** Digest that the engine published, `"sha256:<hex>"`. */
  digest: z.string().max(limits.digestCharacters).optional(),
  size_bytes: z.int().nonnegative().optional(),
  /** Tokens of context as loaded, not as trained. */
  context_length: z.int().positive().optional(),
  quantization: shortText.optional(),
  capabilities: z.array(z.enum(capabilities)).max(capabilities.length),
  loaded: z.boolean(),
});
export type Model = z.infer<typeof modelSchema>;

/** IDLE and BUSY nodes are listed; the others are known but not offered. */
export const nodeStatuses = ["IDLE", "BUSY", "PAUSED", "PROVING", "DRAINING", "OFFLINE"] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

export const slotsSchema = z.strictObject({
  active: z.int().nonnegative(),
  total: z.int().nonnegative(),
});

export const engineSchema = z.strictObject({
  type: shortText,
  version: shortText,
  port: z.int().min(0).max(65_535),
});

export const hardwareSchema = z.strictObject({
  platform: shortText,
  cpu: z.string().max(limits.modelNameCharacters),
  cores: z.int().positive(),
  memory_bytes: z.int().positive(),
  gpus: z.array(z.string().max(limits.modelNameCharacters)).max(16),
});

/** What changes seldom. Sent when it changed, and when the coordinator asks. */
export const snapshotSchema = z.strictObject({
  /** The worker's own port; its host is where the beat came from, unless `hosts` says better. */
  port: z.int().min(1).max(65_535),
  /** Addresses of the worker's own mesh or LAN interfaces. */
  hosts: z.array(z.union([z.ipv4(), z.ipv6()])).max(limits.addressesPerNode),
  hardware: hardwareSchema,
  engines: z.array(engineSchema).max(limits.enginesPerNode),
  models: z.array(modelSchema).max(limits.modelsPerNode),
  /** URLs of the relays that it is connected to. Clients are told of those that the coordinator allows. */
  relays: z.array(z.string().max(limits.urlCharacters)).max(limits.relaysPerNode).optional(),
  /** The node's signed word on what to seal requests to; without it nobody asks it anything. */
  key_statement: keyStatementText.optional(),
  version: shortText,
});
export type NodeSnapshot = z.infer<typeof snapshotSchema>;

export const heartbeatSchema = z.strictObject({
  /** When the worker's process started, ms. With `counter` it orders beats, also after a clock was set back. */
  started: z.int().nonnegative(),
  counter: z.int().nonnegative(),
  protocol: z.int().nonnegative(),
  status: z.enum(nodeStatuses),
  slots: slotsSchema,
  running: z.array(uuidText).max(limits.runningHoldsPerNode),
  /** Random per snapshot: a beat without `snapshot` refers to the one last sent under this id. */
  snapshot_id: uuidText,
  snapshot: snapshotSchema.optional(),
  /** In a proof of hardware: the session whose dataset is held now. */
  filled: uuidText.optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const heartbeatAnswer = z.strictObject({
  interval_ms: z.int().positive(),
  /** The coordinator holds no snapshot under this id; until it does the node is not listed. */
  resend: z.boolean(),
  /** Changes when the ticket keys do; the worker then fetches them anew. */
  key_set: shortText,
  revoked: z.array(uuidText).max(limits.revokedHolds),
  multiplier: multiplierText,
  oldest_protocol: z.int().positive(),
  /** What is wanted of a node that is to prove its hardware; without it, it lends as usual. */
  challenge: challengeSchema.optional(),
});
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswer>;

export const offeredModel = modelSchema.extend({ price: rateSchema });
export type OfferedModel = z.infer<typeof offeredModel>;

/** A node as a client sees it. */
export const peerSchema = z.strictObject({
  node_id: thumbprintText,
  owner: thumbprintText,
  status: z.enum(nodeStatuses),
  slots: slotsSchema,
  /** `host:port`, only beside a ticket: lists hold none. */
  addresses: z.array(z.string()),
  /** URLs of relays through which it can be reached; only beside a ticket. */
  relay: z.array(z.string()),
  /** Only beside a ticket. */
  key_statement: keyStatementText.optional(),
  models: z.array(offeredModel),
  multiplier: multiplierText,
  /** What its record is worth; absent in what an older coordinator says. */
  reputation: reputationScore.optional(),
  /** Where the multiplier comes from; absent in what an older coordinator says. */
  provenance: z.enum(provenances).optional(),
  /** Credits per second of this node. */
  price: rateText,
  jwk: publicJwk,
  version: shortText,
});
export type Peer = z.infer<typeof peerSchema>;
