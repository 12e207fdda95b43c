/** Shapes of what is on offer: nodes, models and their prices; and of what people ask for. */
import { z } from "zod";
import { rateText } from "./credits.ts";
import { modelName, peerSchema } from "./node.ts";
import { rateSchema } from "./price.ts";

const timestamp = z.int().nonnegative();

export const peersQuery = z.strictObject({ model: modelName.optional() });
export const peersAnswer = z.strictObject({
  count: z.int().nonnegative(),
  nodes: z.array(peerSchema),
  /** There only while the coordinator may not have heard of every node yet: who is missing may come. */
  complete: z.literal(false).optional(),
});

export const modelsAnswer = z.strictObject({
  object: z.literal("list"),
  data: z.array(
    z.strictObject({
      id: z.string(),
      object: z.literal("model"),
      created: z.int(),
      owned_by: z.string(),
      context_length: z.int().nullable(),
      troop: z.strictObject({ nodes: z.int().nonnegative(), price: rateSchema }),
    }),
  ),
});

/** What a token of each model costs at most, whatever the node's multiplier. */
export const tariffAnswer = z.strictObject({
  models: z.array(
    z.strictObject({
      model: z.string(),
      per_prompt_token: rateText,
      per_completion_token: rateText,
      /** Receipts win over the model's size once enough people have shown what its tokens take. */
      source: z.enum(["size", "receipts"]),
      /** Lines that the price was fitted to, and how many owners and requesters had a part in them. */
      lines: z.int().nonnegative(),
      owners: z.int().nonnegative(),
      requesters: z.int().nonnegative(),
      fitted_at: timestamp.nullable(),
    }),
  ),
});

/** Most wanted first. */
export const demandAnswer = z.strictObject({
  models: z.array(
    z.strictObject({
      model: modelName,
      /** Networks that asked for it within a day, and accounts where those are private; a hundred at most are counted. */
      requesters: z.int().positive(),
      asked_at: timestamp,
      /** That offer it now. */
      nodes: z.int().nonnegative(),
    }),
  ),
});
export type DemandAnswer = z.infer<typeof demandAnswer>;
