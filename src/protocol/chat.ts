/**
 * The one dialect that workers understand, field by field. A field that is not in these tables, at whatever depth, is
 * dropped and named to the caller, never refused: applications send what their engine of the day understands. A value
 * that would change what the engine does for its owner (`chat-fields.ts`) is refused.
 */
import { z } from "zod";
import {
  logitBias,
  message,
  responseFormat,
  templateSettings,
  tool,
  toolChoice,
} from "./chat-fields.ts";
import { TroopError } from "./error-codes.ts";
import type { Capability } from "./node.ts";
import { closest, noteDropped } from "./schema-verdict.ts";

const penalty = z.number().min(-2).max(2);
const tokenCount = z.int().min(1).max(10_000_000);
const text = z.string();

/** Sampling and output fields that chat and plain completion share. */
const generation = {
  stream: z.boolean(),
  stream_options: z.object({ include_usage: z.boolean().optional() }),
  temperature: z.number().min(0).max(5),
  top_p: z.number().min(0).max(1),
  top_k: z.int().min(-1).max(1_000_000),
  min_p: z.number().min(0).max(1),
  seed: z.int(),
  stop: z.union([text, z.array(text).max(16)]),
  max_tokens: tokenCount,
  frequency_penalty: penalty,
  presence_penalty: penalty,
  repetition_penalty: z.number().min(0).max(10),
  n: z.literal(1),
  logit_bias: logitBias,
} as const;

const chatFields = {
  ...generation,
  messages: z.array(message).min(1).max(4_096),
  max_completion_tokens: tokenCount,
  logprobs: z.boolean(),
  top_logprobs: z.int().min(0).max(20),
  response_format: responseFormat,
  tools: z.array(tool).max(1_024),
  tool_choice: toolChoice,
  parallel_tool_calls: z.boolean(),
  reasoning_effort: text,
  chat_template_kwargs: templateSettings,
  continue_final_message: z.boolean(),
} as const;

const completionFields = {
  ...generation,
  prompt: z.union([text, z.array(text).min(1).max(1)]),
  suffix: text,
  echo: z.boolean(),
} as const;

const embeddingFields = {
  input: z.union([text, z.array(text).min(1).max(2_048), z.array(z.int()).min(1)]),
  encoding_format: z.enum(["float", "base64"]),
  dimensions: z.int().positive(),
} as const;

interface Route {
  fields: Readonly<Record<string, z.ZodType>>;
  required: readonly string[];
  capability: Capability;
}

/** Paths that a sealed request's head may name. */
export const inferenceRoutes = {
  "/v1/chat/completions": { fields: chatFields, required: ["messages"], capability: "chat" },
  "/v1/completions": { fields: completionFields, required: ["prompt"], capability: "completion" },
  "/v1/embeddings": { fields: embeddingFields, required: ["input"], capability: "embedding" },
} as const satisfies Record<string, Route>;
export type InferencePath = keyof typeof inferenceRoutes;
export const inferencePath = z.enum(
  Object.keys(inferenceRoutes) as [InferencePath, ...InferencePath[]],
);

export interface InferenceRequest {
  model: string;
  /** Validated fields, ready for an engine. */
  fields: Record<string, unknown>;
  /** Names of fields that were dropped because no engine is known to take them; within others, as `messages.name`. */
  ignored: string[];
}

/**
 * Checks a body against its route's table.
 * @throws TroopError `invalid_value` with the parameter's name
 */
export function readInferenceRequest(path: InferencePath, body: unknown): InferenceRequest {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new TroopError("invalid_value", "The body must be a JSON object.");
  }
  const route: Route = inferenceRoutes[path];
  const { model, ...rest } = body as Record<string, unknown>;
  if (typeof model !== "string" || model === "") {
    throw new TroopError("invalid_value", "Name a model; `GET /v1/models` lists them.", {
      param: "model",
    });
  }
  const fields: Record<string, unknown> = {};
  const ignored = new Set<string>();
  for (const [name, value] of Object.entries(rest)) {
    const schema = Object.hasOwn(route.fields, name) ? route.fields[name] : undefined;
    if (!schema) ignored.add(name);
    // SDKs send null for "not set".
    else if (value !== null) {
      fields[name] = parseField(schema, name, value);
      noteDropped(name, value, fields[name], ignored);
    }
  }
  for (const name of route.required) {
    if (!(name in fields))
      throw new TroopError("invalid_value", `\`${name}\` is required.`, { param: name });
  }
  if (isContinuation(fields) && !endsOpen(fields))
    throw new TroopError(
      "invalid_value",
      "Only a last message of the assistant, with text and nothing else, can be continued.",
      { param: "continue_final_message" },
    );
  return { model, fields, ignored: [...ignored] };
}

type Fields = Readonly<Record<string, unknown>>;

/** The answer is asked to go on where the last message ends, in the same turn. */
export const isContinuation = (fields: Fields): boolean =>
  fields["continue_final_message"] === true;

function endsOpen({ messages }: Fields): boolean {
  const last = (messages as readonly z.infer<typeof message>[]).at(-1)!;
  const isText = typeof last.content === "string" && last.content !== "";
  return last.role === "assistant" && isText && !last.tool_calls?.length;
}

/** A key within a value may be the caller's own text: the path ends where it would begin. */
const knownKeys = new Set<PropertyKey>(
  ["role", "content", "type", "text", "include_usage", "image_url", "url", "detail"].concat(
    ["input_audio", "data", "format", "tool_calls", "function", "name", "arguments"],
    ["parameters", "json_schema", "schema"],
  ),
);

function safePath(path: readonly PropertyKey[]): (string | number)[] {
  const end = path.findIndex((part) => typeof part !== "number" && !knownKeys.has(part));
  return (end < 0 ? path : path.slice(0, end)) as (string | number)[];
}

function parseField(schema: z.ZodType, name: string, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const issue = first && closest(first);
  const where = [name, ...safePath(issue?.path ?? [])].join(".");
  throw new TroopError("invalid_value", `\`${where}\`: ${issue?.message ?? "not understood"}.`, {
    param: where,
  });
}

/** Asks nothing but whether the node is there: the answer is empty, and the number stays free. */
export const pingPath = "/ping";

/** The head frame's JSON: where the request goes, and the secret that proves it. */
export const headSchema = z.strictObject({
  path: z.union([inferencePath, z.literal(pingPath)]),
  k: z.int(),
  x: z.string(),
  proof: z.array(z.string()),
  /** From a client that traces: the trace and span that it is of. A longer name would not fit (`trace-context.ts`). */
  of: z.string().optional(),
});
export type Head = z.infer<typeof headSchema>;

/** The head frame of an answer: the status and headers that count. */
export interface AnswerHead {
  /** 200 … 599 */
  status: number;
  headers: Record<string, string>;
}

/** By hand, since every answer has one: with a schema it takes ten times as long. Undefined where it is none. */
export function readAnswerHead(value: unknown): AnswerHead | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Object.keys(value).length !== 2) return undefined;
  const { status, headers } = value as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    return undefined;
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return undefined;
  const texts = Object.values(headers as object);
  if (!texts.every((text) => typeof text === "string")) return undefined;
  return { status: status as number, headers: headers as Record<string, string> };
}
