/** How an answer is to be made, in Ollama's words and in OpenAI's: sampling, form, thinking. Pure. */
import { z } from "zod";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { OwnWords } from "../own-words.ts";
import { thinkingFields } from "../thinking.ts";

const number = z.number().nullish();
const whole = z.int().nullish();

/** What `options` may hold here. The rest is about a machine of one's own, such as `num_ctx`, and is named. */
const optionsSchema = z.object({
  temperature: number,
  top_p: number,
  top_k: whole,
  min_p: number,
  seed: whole,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  num_predict: whole,
  repeat_penalty: number,
  presence_penalty: number,
  frequency_penalty: number,
});

/** Fields that chat and generate share. */
export const settingsShape = {
  model: z.string(),
  stream: z.boolean().nullish(),
  format: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  options: optionsSchema.nullish(),
  think: z.union([z.boolean(), z.string()]).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: whole,
  /** Our own, in every API: what this request wants of a node. */
  troop: z.unknown().optional(),
} as const;

const settingsSchema = z.object(settingsShape);
export type Settings = z.infer<typeof settingsSchema>;
type Fields = Record<string, unknown>;

/** Only what is set: a field that is there is a field that an engine is given. */
const withoutUnset = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );

/** Negative or 0: as long as it takes. */
const lengthOf = (count: number | null | undefined) => (count && count > 0 ? count : undefined);

/** Sampling, and our own member, for chat and plain completion alike. */
export function samplingOf({ options, troop }: Pick<Settings, "options" | "troop">): Fields {
  const { num_predict, repeat_penalty, ...same } = options ?? {};
  return withoutUnset({
    ...same,
    max_tokens: lengthOf(num_predict),
    repetition_penalty: repeat_penalty,
    troop,
  });
}

/** What only a chat can be asked for. @throws TroopError `invalid_value` */
export const chatSettingsOf = (settings: Settings): Fields =>
  withoutUnset({
    ...samplingOf(settings),
    response_format: formatOf(settings.format),
    ...thinkingOf(settings),
    logprobs: settings.logprobs,
    top_logprobs: settings.top_logprobs,
  });

function formatOf(format: Settings["format"]): Fields | undefined {
  if (format === null || format === undefined || format === "") return undefined;
  if (format === "json") return { type: "json_object" };
  if (typeof format === "object")
    return { type: "json_schema", json_schema: { name: "answer", schema: format } };
  throw new TroopError("invalid_value", '`format`: "json", or a JSON schema.', { param: "format" });
}

/** A level, or whether at all. */
function thinkingOf({ model, think }: Settings): object {
  if (think === null || think === undefined || think === "") return {};
  if (typeof think === "boolean") return thinkingFields(model, { isOn: think });
  return thinkingFields(model, { isOn: think !== "none", effort: think });
}

const options: OwnWords = ["temperature", "top_p", "top_k", "min_p", "seed", "stop"]
  .concat(["presence_penalty", "frequency_penalty"])
  .map((name) => [new RegExp(`^${name}\\b`), `options.${name}`]);

export const ollamaWords: OwnWords = [
  [/^max_tokens\b/, "options.num_predict"],
  [/^repetition_penalty\b/, "options.repeat_penalty"],
  [/^response_format\b/, "format"],
  [/^reasoning_effort\b/, "think"],
  [/^chat_template_kwargs\b/, "think"],
  ...options,
];
