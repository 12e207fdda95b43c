/** `POST /api/chat` and `/api/generate`, as requests to the one form of a chat that there is within the sidecar. Pure. */
import { z } from "zod";
import type { InferencePath } from "../../../protocol/chat.ts";
import { chatMessagesOf, contentOf, messagesSchema } from "./messages.ts";
import { readBodyAs } from "./read-body.ts";
import { chatSettingsOf, samplingOf, settingsShape } from "./settings.ts";

/** Without a message or prompt a request only wants the model to be ready, or to be let go. */
export type OllamaRequest = { model: string; ignored: ReadonlySet<string> } & (
  | { kind: "load" | "unload" }
  | { kind: "ask"; path: InferencePath; isStream: boolean; candidate: Record<string, unknown> }
);

/** How long a model stays loaded is its owner's business; 0 alone has a meaning here: it asks for no load. */
const keepAlive = z.union([z.number(), z.string()]).nullish();

const chatSchema = z.object({
  ...settingsShape,
  messages: messagesSchema.nullish(),
  tools: z.array(z.unknown()).nullish(),
  keep_alive: keepAlive,
});

const generateSchema = z.object({
  ...settingsShape,
  prompt: z.string().nullish(),
  suffix: z.string().nullish(),
  system: z.string().nullish(),
  images: z.array(z.string()).nullish(),
  raw: z.boolean().nullish(),
  keep_alive: keepAlive,
});

const loading = (value: z.infer<typeof keepAlive>) =>
  value !== null && value !== undefined && Number.parseFloat(String(value)) === 0
    ? ("unload" as const)
    : ("load" as const);

/** @throws TroopError `invalid_value` */
export function readChat(body: unknown): OllamaRequest {
  const { fields, ignored } = readBodyAs(chatSchema, body);
  const { model, messages, tools, keep_alive } = fields;
  if (!messages?.length) return { model, ignored, kind: loading(keep_alive) };
  noteUnused(ignored, { keep_alive });
  return {
    ...{ model, ignored, kind: "ask", path: "/v1/chat/completions" },
    isStream: fields.stream !== false,
    candidate: {
      messages: chatMessagesOf(messages),
      ...(tools?.length ? { tools } : {}),
      ...chatSettingsOf(fields),
    },
  };
}

/**
 * A prompt is a chat of one message. Raw text, and text with a gap to fill, are plain completions: a chat would put
 * the model's template around them. @throws TroopError `invalid_value`
 */
export function readGenerate(body: unknown): OllamaRequest {
  const { fields, ignored } = readBodyAs(generateSchema, body);
  const { model, prompt, suffix, system, images, raw, keep_alive } = fields;
  if (!prompt) return { model, ignored, kind: loading(keep_alive) };
  noteUnused(ignored, { keep_alive });
  const common = { model, ignored, kind: "ask", isStream: fields.stream !== false } as const;
  if (raw || suffix) {
    const { format, think, logprobs, top_logprobs } = fields;
    noteUnused(ignored, { system, images, format, think, logprobs, top_logprobs });
    const candidate = { prompt, ...(suffix ? { suffix } : {}), ...samplingOf(fields) };
    return { ...common, path: "/v1/completions", candidate };
  }
  const messages = [
    ...(system ? [{ role: "system", content: system }] : []),
    { role: "user", content: contentOf({ content: prompt, images }, "images") },
  ];
  const candidate = { messages, ...chatSettingsOf(fields) };
  return { ...common, path: "/v1/chat/completions", candidate };
}

function noteUnused(ignored: Set<string>, fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined && value !== null) ignored.add(name);
}
