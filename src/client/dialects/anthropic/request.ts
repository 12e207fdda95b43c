/** What a request to `POST /v1/messages` may hold, as far as it means something to an engine. */
import { z } from "zod";
import { isBase64 } from "../../../protocol/chat-fields.ts";

const text = z.string();

/** Of a kind that is looked at later: kinds that no engine takes are dropped, and those are many. */
const block = z.looseObject({ type: text });
export type Block = z.infer<typeof block>;

/** A text stands for one block of it. */
export const content = z.union([text, z.array(block)]);
export type Content = z.infer<typeof content>;

const object = z.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  { error: "must be an object" },
);
const outputFormat = z.object({ type: z.literal("json_schema"), schema: object });
/** Of the application's own, or of a kind that is looked at later. */
const tool = z.looseObject({
  type: text.nullish(),
  name: text.nullish(),
  description: text.nullish(),
  input_schema: object.nullish(),
  strict: z.boolean().nullish(),
  /** It waits until the conversation refers to it. */
  defer_loading: z.boolean().nullish(),
});
export type Tool = z.infer<typeof tool>;
const isParallelOff = { disable_parallel_tool_use: z.boolean().nullish() };

export const messagesRequest = z.object({
  model: text.min(1),
  messages: z
    .array(z.object({ role: z.enum(["user", "assistant", "system"]), content }))
    .min(1)
    .max(100_000),
  system: content.nullish(),
  /** Counting has none. */
  max_tokens: z.int().min(1).nullish(),
  stream: z.boolean().nullish(),
  // Bounds are the chat's, which has these by the same names.
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  stop_sequences: z.array(text).max(16).nullish(),
  tools: z.array(tool).max(1_024).nullish(),
  tool_choice: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("auto"), ...isParallelOff }),
      z.object({ type: z.literal("any"), ...isParallelOff }),
      z.object({ type: z.literal("tool"), name: text, ...isParallelOff }),
      z.object({ type: z.literal("none") }),
    ])
    .nullish(),
  thinking: z.object({ type: text, budget_tokens: z.int().min(0).nullish() }).nullish(),
  output_config: z
    .object({ effort: text.max(64).nullish(), format: outputFormat.nullish() })
    .nullish(),
  /** Where it was before `output_config`. */
  output_format: outputFormat.nullish(),
  /** A conversation that is kept at Anthropic. */
  thread: z.unknown().optional(),
});
export type MessagesRequest = z.infer<typeof messagesRequest>;

const base64 = text.refine(isBase64, { error: "must be base64" });
const media = text.regex(/^image\/(?:png|jpeg|jpg|webp|gif|bmp)$/, {
  error: "must be image/png, image/jpeg, image/gif or image/webp",
});

const toolMeant = z.discriminatedUnion("type", [
  z.object({ type: z.literal("tool_reference"), name: text }),
  z.object({ type: z.literal("tool_definition"), definition: tool }),
]);

/** Each kind of block that means something to an engine, or says what it is to be given. */
export const blocks = {
  text: z.object({ type: z.literal("text"), text }),
  image: z.object({
    type: z.literal("image"),
    source: z.discriminatedUnion("type", [
      z.object({ type: z.literal("base64"), media_type: media, data: base64 }),
      z.object({ type: z.literal("url"), url: text }),
      z.object({ type: z.literal("file"), file_id: text }),
    ]),
  }),
  document: z.object({
    type: z.literal("document"),
    title: text.nullish(),
    context: text.nullish(),
    source: z.discriminatedUnion("type", [
      z.object({ type: z.literal("text"), media_type: text.optional(), data: text }),
      z.object({ type: z.literal("content"), content }),
      z.object({ type: z.literal("base64"), media_type: text, data: text }),
      z.object({ type: z.literal("url"), url: text }),
      z.object({ type: z.literal("file"), file_id: text }),
    ]),
  }),
  search_result: z.object({
    type: z.literal("search_result"),
    title: text,
    source: text,
    content: z.array(block),
  }),
  thinking: z.object({ type: z.literal("thinking"), thinking: text }),
  tool_use: z.object({
    type: z.literal("tool_use"),
    id: text,
    name: text,
    input: z.unknown().optional(),
  }),
  tool_result: z.object({
    type: z.literal("tool_result"),
    tool_use_id: text,
    content: content.nullish(),
    is_error: z.boolean().nullish(),
  }),
  tool_reference: z.object({ type: z.literal("tool_reference"), tool_name: text }),
  tool_addition: z.object({ type: z.literal("tool_addition"), tool: toolMeant }),
  tool_removal: z.object({ type: z.literal("tool_removal"), tool: toolMeant }),
} as const;

type Blocks = { [Type in keyof typeof blocks]: z.infer<(typeof blocks)[Type]> };
export type KnownBlock = Blocks[keyof Blocks];
export type ToolResult = Blocks["tool_result"];
export type Document = Blocks["document"];
export type Image = Blocks["image"];
