/** The input of a request as items, each with an id. Pure. */
import { z } from "zod";
import { readInputContent, readOutputContent } from "./content.ts";
import type { InputItem, NextId } from "./items.ts";
import { invalid, isObject, noteUnknown, ownObject, parse } from "./refusal.ts";

/** As many as a chat may have messages. */
const itemsMost = 4_096;

const text = z.string();
const id = text.max(256).nullish();
const callId = text.min(1).max(256);
const status = z.enum(["in_progress", "completed", "incomplete"]).nullish();
const type = z.string().nullish();

const message = z.object({
  type,
  id,
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.unknown(),
  status,
  phase: z.enum(["commentary", "final_answer"]).nullish(),
});
const reasoning = z.object({
  type,
  id,
  summary: z.array(z.object({ type, text })).nullish(),
  content: z.array(z.object({ type, text })).nullish(),
  encrypted_content: text.nullish(),
  status,
});
/** Who called is of no use to a model. */
const call = { type, id, call_id: callId, status, caller: z.unknown().optional() };
const functionCall = z.object({
  ...call,
  name: text.min(1),
  namespace: text.nullish(),
  arguments: text,
});
const customCall = z.object({ ...call, name: text.min(1), namespace: text.nullish(), input: text });
const shellCall = z.object({
  ...call,
  call_id: callId.nullish(),
  action: z.object({
    type: z.literal("exec"),
    command: z.array(text),
    env: ownObject<string>((value) => typeof value === "string", "expected texts.").nullish(),
    timeout_ms: z.number().nullish(),
    user: text.nullish(),
    working_directory: text.nullish(),
  }),
});
const output = z.object({
  ...call,
  name: text.nullish(),
  namespace: text.nullish(),
  output: z.unknown(),
});
const shellOutput = z.object({ type, id, call_id: callId.nullish(), output: text, status });
const reference = z.object({ type, id: text.min(1).max(256) });

/** @returns one message of the user for a string. @throws TroopError */
export function readInput(value: unknown, nextId: NextId, ignored: Set<string>): InputItem[] {
  if (typeof value === "string")
    return [
      {
        type: "message",
        id: nextId("msg"),
        role: "user",
        status: "completed",
        content: [{ type: "input_text", text: value }],
      },
    ];
  if (!Array.isArray(value)) throw invalid("input", "expected a string or a list of items.");
  if (value.length > itemsMost) throw invalid("input", `at most ${itemsMost} items.`);
  return value.flatMap((item, index) => readItem(item, `input[${index}]`, nextId, ignored) ?? []);
}

/** Undefined for kinds that no chat has a place for, such as the calls of tools that OpenAI runs itself. */
function readItem(
  value: unknown,
  param: string,
  nextId: NextId,
  ignored: Set<string>,
): InputItem | undefined {
  if (!isObject(value)) throw invalid(param, "expected an object.");
  const read = <Schema extends z.ZodType>(schema: Schema) => parse(schema, value, param, ignored);
  const kind = value["type"] ?? ("role" in value ? "message" : "item_reference");
  switch (kind) {
    case "message":
      return readMessage(read(message), param, nextId, ignored);
    case "reasoning": {
      const { summary, content, encrypted_content, ...item } = read(reasoning);
      return {
        type: "reasoning",
        id: item.id || nextId("rs"),
        summary: (summary ?? []).map((part) => ({ type: "summary_text", text: part.text })),
        ...(content
          ? { content: content.map((part) => ({ type: "reasoning_text", text: part.text })) }
          : {}),
        ...(encrypted_content ? { encrypted_content } : {}),
        status: item.status ?? "completed",
      };
    }
    case "function_call": {
      const item = read(functionCall);
      return {
        type: "function_call",
        ...called(item, nextId("fc")),
        name: item.name,
        arguments: item.arguments,
        ...(item.namespace ? { namespace: item.namespace } : {}),
      };
    }
    case "custom_tool_call": {
      const item = read(customCall);
      return {
        type: "custom_tool_call",
        ...called(item, nextId("ctc")),
        name: item.name,
        input: item.input,
        ...(item.namespace ? { namespace: item.namespace } : {}),
      };
    }
    case "local_shell_call": {
      const { action, ...item } = read(shellCall);
      const itemId = item.id || nextId("lsh");
      return {
        type: "local_shell_call",
        ...called({ ...item, call_id: item.call_id ?? itemId }, itemId),
        action: {
          type: "exec",
          command: action.command,
          env: action.env ?? {},
          timeout_ms: action.timeout_ms ?? null,
          user: action.user ?? null,
          working_directory: action.working_directory ?? null,
        },
      };
    }
    case "function_call_output": {
      const item = read(output);
      return {
        type: "function_call_output",
        ...called(item, nextId("fco")),
        output: readOutput(item.output, `${param}.output`, ignored),
      };
    }
    case "custom_tool_call_output": {
      const item = read(output);
      return {
        type: "custom_tool_call_output",
        ...called(item, nextId("ctco")),
        output: readOutput(item.output, `${param}.output`, ignored),
      };
    }
    case "local_shell_call_output": {
      const item = read(shellOutput);
      // The published type has the call's id in the place of its own.
      const itemId = item.call_id || item.id;
      if (!itemId) throw invalid(`${param}.call_id`, "the id of a call is needed.");
      return {
        type: "local_shell_call_output",
        id: itemId,
        output: item.output,
        status: item.status ?? "completed",
      };
    }
    case "item_reference":
      return { type: "item_reference", id: read(reference).id };
    default:
      noteUnknown(ignored, "input", kind);
      return undefined;
  }
}

const called = (
  item: { id?: string | null | undefined; call_id: string; status?: z.infer<typeof status> },
  newId: string,
) => ({
  id: item.id || newId,
  call_id: item.call_id,
  status: item.status ?? ("completed" as const),
});

function readMessage(
  { role, content, phase, ...item }: z.infer<typeof message>,
  param: string,
  nextId: NextId,
  ignored: Set<string>,
): InputItem {
  const known = {
    type: "message" as const,
    id: item.id || nextId("msg"),
    status: item.status ?? ("completed" as const),
  };
  const where = `${param}.content`;
  if (role !== "assistant")
    return { ...known, role, content: readInputContent(content, where, ignored) };
  return {
    ...known,
    role,
    content: readOutputContent(content, where, ignored),
    ...(phase ? { phase } : {}),
  };
}

const readOutput = (value: unknown, param: string, ignored: Set<string>) =>
  typeof value === "string" ? value : readInputContent(value, param, ignored);
