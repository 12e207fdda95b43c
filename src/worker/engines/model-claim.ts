/** What an engine claims about a model, brought into the shape and the bounds of a heartbeat. Pure. */
import { z } from "zod";
import { limits } from "../../protocol/limits.ts";
import type { Capability, Model } from "../../protocol/node.ts";

export interface ModelClaim {
  /** The engine's own name for it. */
  name: string;
  digest?: string | null | undefined;
  sizeBytes?: number | null | undefined;
  /** Of several statements the smallest counts: more than that is refused somewhere. */
  contextLengths?: readonly (number | null | undefined)[];
  quantization?: string | null | undefined;
  capabilities: readonly Capability[];
  loaded: boolean;
}

/** Fields that nobody can do without are few: an odd one is as good as none, and never hides a model. */
export const positive = z.int().positive().nullish().catch(undefined);
export const text = z.string().nullish().catch(undefined);
export const flag = z.boolean().nullish().catch(undefined);

/** Undefined where the name cannot be asked for: it would not fit into a heartbeat. */
export function toModel(claim: ModelClaim): Model | undefined {
  const { name, digest, sizeBytes, quantization, capabilities, loaded } = claim;
  if (name.length === 0 || name.length > limits.modelNameCharacters) return undefined;
  const stated = (claim.contextLengths ?? []).filter((length) => typeof length === "number");
  return {
    name,
    ...(digest && digest.length <= limits.digestCharacters && { digest }),
    ...(sizeBytes && { size_bytes: sizeBytes }),
    ...(stated.length > 0 && { context_length: Math.min(...stated) }),
    ...(quantization && { quantization: quantization.slice(0, limits.shortTextCharacters) }),
    capabilities: [...new Set(capabilities)],
    loaded,
  };
}

export const generating: readonly Capability[] = ["chat", "completion"];
const embeddingName = /(^|[-_/.])(embed(der|ding|dings)?|bge|gte|e5)([-_/.]|$)/i;

/** For servers that do not say: a model that is called an embedding model makes embeddings, any other chats. */
export const capabilitiesByName = (name: string): readonly Capability[] =>
  embeddingName.test(name) ? ["embedding"] : generating;
