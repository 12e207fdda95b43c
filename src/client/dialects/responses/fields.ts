/** The fields of a request but its input and tools: how each looks, and which are refused or heeded nowhere. */
import { z } from "zod";
import { ownObject } from "./refusal.ts";

const text = z.string();
const label = text.max(512);

const format = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: text.min(1).max(256),
    schema: ownObject(),
    description: text.nullish(),
    strict: z.boolean().nullish(),
  }),
]);

const summary = z.enum(["auto", "concise", "detailed"]).nullish();

/** SDKs send null for "not set". */
export const fieldsSchema = z.object({
  model: text.min(1),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  generate: z.boolean().nullish(),
  previous_response_id: text.min(1).max(256).nullish(),
  instructions: text.nullish(),
  input: z.unknown(),
  tools: z.unknown(),
  tool_choice: z.unknown(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  max_output_tokens: z.int().min(1).max(10_000_000).nullish(),
  temperature: z.number().min(0).max(5).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  text: z
    .object({ format: format.nullish(), verbosity: z.enum(["low", "medium", "high"]).nullish() })
    .nullish(),
  reasoning: z
    .object({
      /** Models know words of their own. */
      effort: text.max(64).nullish(),
      summary,
      /** The older name of it. */
      generate_summary: summary,
    })
    .nullish(),
  include: z.array(text).max(64).nullish(),
  metadata: ownObject<string>(
    (value, key) => typeof value === "string" && value.length <= 512 && key.length <= 64,
    "expected texts of at most 512 characters under names of at most 64.",
  )
    .refine((pairs) => Object.keys(pairs).length <= 16, "at most 16 pairs.")
    .nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  service_tier: text.nullish(),
  stream_options: z.object({ include_obfuscation: z.boolean().nullish() }).nullish(),
  user: label.nullish(),
  safety_identifier: label.nullish(),
  prompt_cache_key: label.nullish(),
});
export type Fields = z.infer<typeof fieldsSchema>;

/** What would change what is asked. To pass over it in silence would be to answer something else. */
export const refusedFields: Readonly<Record<string, string>> = {
  conversation: "conversations are not kept here; name the last response in previous_response_id.",
  prompt: "no prompt templates are kept here; send the text as instructions and input.",
};

/** Not of this API, but what applications for models of one's own send along; the chat's own table checks them. */
export const samplingFields: readonly string[] = [
  "top_k",
  "min_p",
  "seed",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "logit_bias",
  "chat_template_kwargs",
];
