/**
 * What stands within the fields of a request, key by key: a key that is not here never reaches an engine. An engine is
 * the owner's: what is passed to it must not make it fetch an address, read a file, or run a template of the caller's.
 */
import { z } from "zod";

const text = z.string();
const textOrNone = text.nullish();

/** Raster formats. An SVG may name addresses of its own. */
const imageStart = /^data:image\/(?:png|jpeg|jpg|webp|gif|bmp);base64,/;
export const isBase64 = (data: string): boolean => !/[^A-Za-z0-9+/=]/.test(data);

function isImageData(url: string): boolean {
  const [start] = imageStart.exec(url) ?? [];
  return start !== undefined && isBase64(url.slice(start.length));
}

const dataUrl = text.refine(isImageData, {
  error: "only an image within a data: URL can be sent; the node fetches nothing",
});

const contentPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text }),
  z.object({ type: z.literal("refusal"), refusal: text }),
  z.object({
    type: z.literal("image_url"),
    image_url: z.object({ url: dataUrl, detail: z.enum(["auto", "low", "high"]).nullish() }),
  }),
  z.object({
    type: z.literal("input_audio"),
    input_audio: z.object({
      data: text.refine(isBase64, { error: "not base64" }),
      format: text.regex(/^[a-z0-9]{1,16}$/),
    }),
  }),
]);

const toolCall = z.object({
  id: textOrNone,
  index: z.int().min(0).optional(),
  type: z.literal("function").optional(),
  function: z.object({ name: text, arguments: text }),
});

/** Models' templates know `system` alone: those that do not refuse a developer's message leave it out unsaid. */
const role = z
  .enum(["system", "developer", "user", "assistant", "tool"])
  .transform((name) => (name === "developer" ? "system" : name));

export const message = z.object({
  role,
  content: z.union([text, z.array(contentPart).max(256), z.null()]).optional(),
  name: textOrNone,
  tool_calls: z.array(toolCall).max(1_024).nullish(),
  tool_call_id: textOrNone,
  reasoning_content: textOrNone,
  reasoning: textOrNone,
  refusal: textOrNone,
});

const references = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);

/** Some engines follow references of a schema to wherever they lead. */
function hasOnlyLocalReferences(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(hasOnlyLocalReferences);
  return Object.keys(value).every((key) => {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    return typeof member === "string" && references.has(key)
      ? member.startsWith("#")
      : hasOnlyLocalReferences(member);
  });
}

/** The caller's own keys, all the way down. */
const jsonSchema = z
  .custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value))
  .refine(hasOnlyLocalReferences, { error: "a $ref may only lead to a part of the same schema" });

export const tool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: text,
    description: textOrNone,
    parameters: jsonSchema.nullish(),
    strict: z.boolean().nullish(),
  }),
});

export const toolChoice = z.union([
  text,
  z.object({ type: z.literal("function"), function: z.object({ name: text }) }),
]);

export const responseFormat = z.object({
  type: z.enum(["text", "json_object", "json_schema"]),
  json_schema: z
    .object({
      name: text,
      description: textOrNone,
      strict: z.boolean().nullish(),
      schema: jsonSchema.nullish(),
    })
    .optional(),
  /** llama-server's place for it. */
  schema: jsonSchema.optional(),
});

/** What models' own templates ask for. `chat_template` and `tokenize` would change what the engine runs. */
export const templateSettings = z.object({
  enable_thinking: z.boolean().optional(),
  thinking: z.boolean().optional(),
  thinking_budget: z.int().optional(),
  reasoning_effort: text.max(64).optional(),
  clear_thinking: z.boolean().optional(),
  preserve_thinking: z.boolean().optional(),
  low_effort: z.boolean().optional(),
});

/** By token id. */
export const logitBias = z.record(text.regex(/^\d{1,10}$/), z.number());
