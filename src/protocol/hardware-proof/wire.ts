/** What a node and its coordinator say to each other in a proof of hardware, and what anybody may read of its outcome. */
import { z } from "zod";
import { fromBase64url } from "../bytes.ts";
import { multiplierText } from "../credits.ts";
import { thumbprintText, uuidText } from "../ids.ts";
import { limits } from "../limits.ts";
import { hashBytes } from "../merkle.ts";
import { chainLayers, chainSizes } from "./chain.ts";
import { segments } from "./memory.ts";
import { askedLanes, memoryOpening } from "./memory-opening.ts";
import { askedRows, opening } from "./opening.ts";

const hashText = z
  .string()
  .max(limits.shortTextCharacters)
  .refine((text) => fromBase64url(text)?.length === hashBytes, "32 bytes as base64url");
const nameText = z.string().max(limits.modelNameCharacters);
const reasonText = z.string().max(limits.modelNameCharacters);
const timestamp = z.int().nonnegative();

/** `stale`: proven once, and has missed proofs since. `refuted`: showed a row that its commitment does not lead to. */
export const provenances = ["unproven", "proven", "stale", "refuted"] as const;
export type Provenance = (typeof provenances)[number];

/**
 * In a heartbeat's answer. A node that is told to stand by takes no new request, and beats as PROVING once none runs;
 * the coordinator may keep that beat's answer until the instant at which the work begins.
 *
 * Memory takes two: `memory` says what to hold, and once a beat says that it is held `walk` says how to read it.
 */
export const challengeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stand_by") }),
  z.strictObject({
    kind: z.literal("chain"),
    session: uuidText,
    seed: hashText,
    n: z.literal(chainSizes),
    layers: z.int().min(chainLayers.least).max(chainLayers.most),
    /** How long the commitment may take. */
    deadline_ms: z.int().positive(),
  }),
  z.strictObject({
    kind: z.literal("memory"),
    session: uuidText,
    seed: hashText,
    segments: z.int().min(segments.least).max(segments.most),
    /** How long the node may take to hold it all, and to beat with `filled`. */
    deadline_ms: z.int().positive(),
  }),
  z.strictObject({
    kind: z.literal("walk"),
    /** Of the dataset that is held. */
    session: uuidText,
    walk_seed: hashText,
    passes: z.int().positive(),
    /** How long the commitment may take. */
    deadline_ms: z.int().positive(),
  }),
]);
export type Challenge = z.infer<typeof challengeSchema>;
export type ChainChallenge = Extract<Challenge, { kind: "chain" }>;
export type MemoryChallenge = Extract<Challenge, { kind: "memory" }>;
export type WalkChallenge = Extract<Challenge, { kind: "walk" }>;

export const provers = ["webgpu", "wasm", "reference"] as const;

/** What computed. All of it is the node's word: it groups nodes and describes them, and no verdict depends on it. */
export const deviceSchema = z.strictObject({
  prover: z.enum(provers),
  name: nameText,
  driver: nameText.optional(),
  memory_bytes: z.int().nonnegative().optional(),
  /** The GPU's own id, where its driver tells; of several alike those of all, with a space between them. */
  id: nameText.optional(),
  /** Why it is not the prover that was tried first. */
  instead_of: reasonText.optional(),
});
export type ProvingDevice = z.infer<typeof deviceSchema>;

/** The node asks for a proof of itself; nothing happens where one was made already. */
export const askProofRequest = z.strictObject({});
export const askProofAnswer = z.strictObject({
  multiplier: multiplierText,
  provenance: z.enum(provenances),
  /** From when on a heartbeat's answer may bring the challenge; null: none is due that the node may know of. */
  due_at: timestamp.nullable(),
});

/**
 * A further GPU of a node that is being tried asks for what it is to do, as the first does by the node's beats: it is
 * tried by itself, beside the first. It takes part from its first call on, before the first one's first task; without
 * a challenge in the answer its trial is over, or it was too late.
 */
export const nextTaskRequest = z.strictObject({
  gpu: z
    .int()
    .min(1)
    .max(limits.provenGpus - 1),
  /** The session whose dataset is held now. */
  filled: uuidText.optional(),
});
export type NextTaskRequest = z.infer<typeof nextTaskRequest>;
export const nextTaskAnswer = z.strictObject({ challenge: challengeSchema.optional() });

export const commitRequest = z.union([
  z.strictObject({ session: uuidText, root: hashText, device: deviceSchema }),
  /** The prover failed, or the owner came back: the session counts for nothing. */
  z.strictObject({ session: uuidText, gave_up: reasonText }),
]);
export type CommitRequest = z.infer<typeof commitRequest>;
/** What is to be shown: rows of a chain, lanes of a walk; no rows after giving up. */
export const commitAnswer = z.union([
  z.strictObject({
    rows: z
      .array(z.strictObject({ layer: z.int().nonnegative(), row: z.int().nonnegative() }))
      .max(askedRows),
  }),
  z.strictObject({ lanes: z.array(z.int().nonnegative()).max(askedLanes) }),
]);
export type CommitAnswer = z.infer<typeof commitAnswer>;

export const verifyRequest = z.strictObject({
  session: uuidText,
  opening: z.union([opening, memoryOpening]),
});
export type VerifyRequest = z.infer<typeof verifyRequest>;
export const verifyAnswer = z.strictObject({
  outcome: z.enum(["passed", "wrong"]),
  /** As the coordinator took it, less the way there and back. */
  span_ms: z.number().positive(),
});
export type VerifyAnswer = z.infer<typeof verifyAnswer>;

/** What one of several GPUs of a node came to. */
export const provenGpu = z.strictObject({
  multiplier: multiplierText,
  /** Held while all the others held theirs, and read about as fast as the best one's; null: none. */
  memory_bytes: z.int().nonnegative().nullable(),
});
export type ProvenGpu = z.infer<typeof provenGpu>;

/** `GET /nodes/{id}`. */
export const nodeAnswer = z.strictObject({
  node_id: thumbprintText,
  owner: thumbprintText,
  multiplier: multiplierText,
  provenance: z.enum(provenances),
  /** Memory that it has shown to hold, of all its GPUs: larger models of it are not listed. Null where nobody measured it. */
  memory_bytes: z.int().nonnegative().nullable(),
  /** What each GPU came to, of those that passed last; absent where there was one, and in what an older coordinator says. */
  gpus: z.array(provenGpu).max(limits.provenGpus).optional(),
  /** When it last passed, and how long ago that is; null where it never has. */
  proven_at: timestamp.nullable(),
  age_ms: z.int().nonnegative().nullable(),
  /** Proofs in a row that it did not give since. */
  missed: z.int().nonnegative(),
  /** Until then it is not listed; null where it is no longer, or never was, kept out. */
  quarantined_until: timestamp.nullable(),
});
