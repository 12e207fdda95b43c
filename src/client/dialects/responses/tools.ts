/**
 * The tools of a request. A chat model knows functions only: a custom tool is offered to it as a function of one
 * string, a namespace's tools under joined names, the local shell as a function of a command. Tools that OpenAI would
 * run itself are dropped and named. Pure.
 */
import type { CustomTool, FunctionTool } from "openai/resources/responses/responses";
import { z } from "zod";
import type { ResponseResource } from "./items.ts";
import { invalid, isObject, noteUnknown, ownObject, parse } from "./refusal.ts";

type EchoedTool = ResponseResource["tools"][number];

/** How a tool is told back: the name that the model calls it by, and what the application knows it as. */
export interface OfferedTool {
  chatName: string;
  kind: "function" | "custom" | "local_shell";
  name: string;
  namespace?: string;
}

export interface ChatTool {
  type: "function";
  function: { name: string; description?: string; parameters?: object; strict?: boolean };
}

export interface Tools {
  echo: EchoedTool[];
  chat: ChatTool[];
  offered: OfferedTool[];
}

/** Namespaces bring their own separator or none: `mcp__files__` as well as `files`. */
export const chatNameOf = (name: string, namespace: string | null | undefined): string =>
  namespace ? `${namespace}${namespace.endsWith("__") ? "" : "__"}${name}` : name;

export const localShell = "local_shell";

const text = z.string();
const name = text.min(1).max(256);
/** How OpenAI's own hosts treat a tool. */
const hosted = {
  allowed_callers: z.unknown().optional(),
  async: z.unknown().optional(),
  defer_loading: z.unknown().optional(),
  output_schema: z.unknown().optional(),
};
const functionTool = z.object({
  type: z.literal("function"),
  name,
  description: text.nullish(),
  parameters: ownObject().nullish(),
  strict: z.boolean().nullish(),
  ...hosted,
});
const grammar = z.object({
  type: z.literal("grammar"),
  syntax: z.enum(["lark", "regex"]),
  definition: text,
});
const customTool = z.object({
  type: z.literal("custom"),
  name,
  description: text.nullish(),
  format: z.union([grammar, z.object({ type: z.literal("text") })]).nullish(),
  ...hosted,
});
const namespaceTool = z.object({
  type: z.literal("namespace"),
  name,
  description: text.nullish(),
  tools: z.array(z.unknown()).max(1_024),
});

const toolsMost = 1_024;

/** @throws TroopError */
export function readTools(value: unknown, ignored: Set<string>): Tools {
  if (!Array.isArray(value)) throw invalid("tools", "expected a list.");
  const read: Tools = { echo: [], chat: [], offered: [] };
  for (const [index, tool] of value.entries()) {
    const param = `tools[${index}]`;
    if (!isObject(tool)) throw invalid(param, "expected an object.");
    const type = tool["type"];
    if (type === "namespace") addNamespace(read, tool, param, ignored);
    else if (type === "local_shell") addLocalShell(read);
    else if (type === "function" || type === "custom")
      read.echo.push(addTool(read, tool, undefined, param, ignored));
    else noteUnknown(ignored, "tools", type);
  }
  if (read.chat.length > toolsMost) throw invalid("tools", `at most ${toolsMost} tools.`);
  return read;
}

function addTool(
  read: Tools,
  tool: Readonly<Record<string, unknown>>,
  namespace: string | undefined,
  param: string,
  ignored: Set<string>,
): FunctionTool | CustomTool {
  if (tool["type"] === "custom") {
    const custom = parse(customTool, tool, param, ignored);
    offer(read, "custom", custom.name, namespace, describeCustom(custom), onlyInput);
    return {
      type: "custom",
      name: custom.name,
      ...(custom.description ? { description: custom.description } : {}),
      ...(custom.format ? { format: custom.format } : {}),
    };
  }
  const { description, parameters, strict, ...called } = parse(functionTool, tool, param, ignored);
  offer(read, "function", called.name, namespace, description, parameters, strict);
  return {
    type: "function",
    name: called.name,
    description: description ?? null,
    parameters: parameters ?? null,
    strict: strict ?? null,
  };
}

function addNamespace(
  read: Tools,
  tool: Readonly<Record<string, unknown>>,
  param: string,
  ignored: Set<string>,
): void {
  const { tools, description, ...namespace } = parse(namespaceTool, tool, param, ignored);
  const echoed = tools.flatMap((inner, index) => {
    const where = `${param}.tools[${index}]`;
    if (!isObject(inner)) throw invalid(where, "expected an object.");
    const type = inner["type"];
    if (type === "function" || type === "custom")
      return addTool(read, inner, namespace.name, where, ignored);
    noteUnknown(ignored, "tools.tools", type);
    return [];
  });
  read.echo.push({
    type: "namespace",
    name: namespace.name,
    description: description ?? "",
    tools: echoed,
  });
}

function addLocalShell(read: Tools): void {
  offer(read, "local_shell", localShell, undefined, shellDescription, shellParameters);
  read.echo.push({ type: "local_shell" });
}

/** The first of a name counts: a model could not tell two apart. */
function offer(
  read: Tools,
  kind: OfferedTool["kind"],
  ownName: string,
  namespace: string | undefined,
  description: string | null | undefined,
  parameters: object | null | undefined,
  strict?: boolean | null,
): void {
  const chatName = chatNameOf(ownName, namespace);
  if (read.offered.some((other) => other.chatName === chatName)) return;
  read.offered.push({ chatName, kind, name: ownName, ...(namespace ? { namespace } : {}) });
  read.chat.push({
    type: "function",
    function: {
      name: chatName,
      ...(description ? { description } : {}),
      ...(parameters ? { parameters } : {}),
      ...(typeof strict === "boolean" ? { strict } : {}),
    },
  });
}

const onlyInput = {
  type: "object",
  properties: { input: { type: "string", description: "The whole input, as plain text." } },
  required: ["input"],
  additionalProperties: false,
};

/** No engine holds a model to a foreign grammar within an argument; most models heed one that they are told. */
function describeCustom({ description, format }: z.infer<typeof customTool>): string {
  const lead = description ?? "";
  if (format?.type !== "grammar") return lead;
  const { syntax, definition } = format;
  const rule = `\`input\` must match this ${syntax === "lark" ? "Lark grammar" : "regular expression"}:\n${definition}`;
  return lead ? `${lead}\n\n${rule}` : rule;
}

const shellDescription = "Runs a command on the user's machine and gives back what it printed.";
const shellParameters = {
  type: "object",
  properties: {
    command: {
      type: "array",
      items: { type: "string" },
      description: "The program and its arguments.",
    },
    working_directory: { type: "string" },
    timeout_ms: { type: "integer" },
    env: { type: "object", additionalProperties: { type: "string" } },
  },
  required: ["command"],
};
