/** The settings of a request: what its resource will repeat, and the fields of its chat. Pure. */
import { thinkingFields } from "../thinking.ts";
import type { Fields } from "./fields.ts";
import { isObject } from "./refusal.ts";
import type { Echo, ResponseSettings } from "./settings.ts";
import { readToolChoice, type ToolChoice } from "./tool-choice.ts";
import { readTools, type Tools } from "./tools.ts";

const thoughts = "reasoning.encrypted_content";
const logprobs = "message.output_text.logprobs";
/** Always there: what came in is given back whole. */
const images = "message.input_image.image_url";
const included = new Set([thoughts, logprobs, images]);

/** Efforts that the published resource can repeat. */
const published = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/** @throws TroopError */
export function readSettings(
  fields: Fields,
  sampling: Readonly<Record<string, unknown>>,
  ignored: Set<string>,
): ResponseSettings {
  const tools = readTools(fields.tools ?? [], ignored);
  const choice = readToolChoice(fields.tool_choice, tools, ignored);
  const include = new Set(fields.include ?? []);
  noteUnheeded(fields, include, ignored);
  return {
    echo: echoOf(fields, tools, choice),
    chat: {
      model: fields.model,
      ...chatOf(fields, choice, include.has(logprobs)),
      ...withTemplateSettings(sampling, effortOf(fields)),
    },
    offered: tools.offered,
    thoughtsAs: summaryOf(fields) ? "summary" : "content",
    packsThoughts: include.has(thoughts) || fields.store === false,
  };
}

const summaryOf = ({ reasoning }: Fields) => reasoning?.summary ?? reasoning?.generate_summary;

/** What is understood but changes nothing here. */
function noteUnheeded(fields: Fields, include: Set<string>, ignored: Set<string>): void {
  for (const name of include) if (!included.has(name)) ignored.add(`include.${name}`);
  // Engines do not shorten conversations; what does not fit they refuse.
  if (fields.truncation === "auto") ignored.add("truncation");
  if (fields.text?.verbosity) ignored.add("text.verbosity");
  if (fields.stream_options?.include_obfuscation) ignored.add("stream_options.include_obfuscation");
  const tier = fields.service_tier ?? "auto";
  if (tier !== "auto" && tier !== "default") ignored.add("service_tier");
}

function chatOf(fields: Fields, choice: ToolChoice, wantsLogprobs: boolean) {
  const { parallel_tool_calls: parallel, top_logprobs: topLogprobs } = fields;
  const format = responseFormatOf(fields);
  return {
    ...given("temperature", fields.temperature),
    ...given("top_p", fields.top_p),
    ...given("max_completion_tokens", fields.max_output_tokens),
    ...given("response_format", format),
    ...(topLogprobs || wantsLogprobs ? { logprobs: true } : {}),
    ...(topLogprobs ? { top_logprobs: topLogprobs } : {}),
    // Engines refuse a choice among no tools.
    ...(choice.tools.length > 0
      ? {
          tools: choice.tools,
          ...given("tool_choice", choice.chat),
          ...given("parallel_tool_calls", parallel),
        }
      : {}),
  };
}

/** As every API here asks for it: no engine of the model's family refuses what is said (ADR 56). */
function effortOf({ model, reasoning }: Fields): object {
  const effort = reasoning?.effort;
  if (!effort) return {};
  // To think as little as can be is left to the model.
  const isOn = effort === "minimal" ? undefined : effort !== "none";
  return thinkingFields(model, { isOn, effort });
}

/** What the application itself says to the template counts. */
function withTemplateSettings(
  sampling: Readonly<Record<string, unknown>>,
  effort: { chat_template_kwargs?: object },
): object {
  const own = sampling["chat_template_kwargs"];
  if (!isObject(own)) return { ...effort, ...sampling };
  return {
    ...effort,
    ...sampling,
    chat_template_kwargs: { ...effort.chat_template_kwargs, ...own },
  };
}

const given = (name: string, value: unknown): object =>
  value === undefined || value === null ? {} : { [name]: value };

function responseFormatOf({ text }: Fields): object | undefined {
  const format = text?.format;
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return { type: "json_object" };
    case "json_schema": {
      const { name, description, strict, schema } = format;
      return {
        type: "json_schema",
        json_schema: {
          name,
          ...given("description", description),
          ...given("strict", strict),
          schema,
        },
      };
    }
    default:
      return format satisfies never;
  }
}

function echoOf(fields: Fields, tools: Tools, choice: ToolChoice): Echo {
  return {
    // A programme of OpenAI's that nobody takes part in here.
    access_programs: null,
    background: fields.background ?? false,
    instructions: fields.instructions ?? null,
    max_output_tokens: fields.max_output_tokens ?? null,
    max_tool_calls: fields.max_tool_calls ?? null,
    metadata: fields.metadata ?? {},
    model: fields.model,
    parallel_tool_calls: fields.parallel_tool_calls ?? true,
    previous_response_id: fields.previous_response_id ?? null,
    prompt_cache_key: fields.prompt_cache_key ?? null,
    reasoning: {
      effort: published.find((effort) => effort === fields.reasoning?.effort) ?? null,
      summary: summaryOf(fields) ?? null,
    },
    safety_identifier: fields.safety_identifier ?? null,
    service_tier: "default",
    // Null is the engine's own choice, which is not known here.
    temperature: fields.temperature ?? null,
    text: textOf(fields),
    tool_choice: choice.echo,
    tools: tools.echo,
    top_logprobs: fields.top_logprobs ?? 0,
    top_p: fields.top_p ?? null,
    truncation: "disabled",
    ...(fields.user ? { user: fields.user } : {}),
  };
}

function textOf({ text }: Fields): NonNullable<Echo["text"]> {
  const verbosity = text?.verbosity ? { verbosity: text.verbosity } : {};
  const format = text?.format ?? { type: "text" as const };
  if (format.type !== "json_schema") return { format, ...verbosity };
  const { description, strict, ...rest } = format;
  return {
    format: { ...rest, ...(description ? { description } : {}), strict: strict ?? null },
    ...verbosity,
  };
}
