/** A call of a tool, told as the application knows the tool: a function, a custom tool, or the local shell. */
import { z } from "zod";
import { createCustomInput } from "./custom-input.ts";
import type { CustomToolCallItem, FunctionCallItem, LocalShellCall, OutputItem } from "./items.ts";
import { type ItemStatus, type Piece, type Place, toldItem, type Unnumbered } from "./piece.ts";
import type { OfferedTool } from "./tools.ts";

export interface CallPiece extends Piece {
  kind: "call";
  /** A fragment of the function's arguments. */
  add(fragment: string): Unnumbered[];
  /** Whether nothing can be missing, so that the next item may begin. */
  isWhole(): boolean;
}

export interface CallParts {
  place: Place;
  callId: string;
  tool: Pick<OfferedTool, "kind" | "name" | "namespace">;
}

/** What the kinds of calls differ in. */
interface CallForm {
  item(status: ItemStatus, whole: string): OutputItem;
  add(fragment: string): Unnumbered[];
  end(status: "completed" | "incomplete", whole: string): Unnumbered[];
}

export function createCallPiece(parts: CallParts): CallPiece {
  const form = formOf(parts);
  const { output_index } = parts.place;
  let whole = "";
  let status: ItemStatus = "in_progress";
  const item = () => form.item(status, whole);

  return {
    kind: "call",
    open: () => [{ type: "response.output_item.added", output_index, item: toldItem(item()) }],
    add(fragment) {
      if (fragment === "") return [];
      whole += fragment;
      return form.add(fragment);
    },
    close(ending) {
      const before: Unnumbered[] = [];
      // Some engines give a call without arguments none at all, where applications parse an object.
      if (whole.trim() === "" && ending === "completed") {
        whole += "{}";
        before.push(...form.add("{}"));
      }
      const ends = form.end(ending, whole);
      status = ending;
      const type = "response.output_item.done";
      return [...before, ...ends, { type, output_index, item: toldItem(item()) }];
    },
    isOpen: () => status === "in_progress",
    isWhole: () => isWholeObject(whole),
    item,
  };
}

/** Nothing but space can follow a whole object. */
function isWholeObject(text: string): boolean {
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function formOf(parts: CallParts): CallForm {
  switch (parts.tool.kind) {
    case "function":
      return functionForm(parts);
    case "custom":
      return customForm(parts);
    case "local_shell":
      return shellForm(parts);
    default:
      return parts.tool.kind satisfies never;
  }
}

const names = ({ tool: { name, namespace } }: CallParts) => ({
  name,
  ...(namespace ? { namespace } : {}),
});

function functionForm(parts: CallParts): CallForm {
  const { place, callId } = parts;
  return {
    item: (status, whole): FunctionCallItem => ({
      id: place.item_id,
      type: "function_call",
      status,
      call_id: callId,
      ...names(parts),
      arguments: whole,
    }),
    add: (delta) => [{ type: "response.function_call_arguments.delta", ...place, delta }],
    end: (_status, whole) => [
      { type: "response.function_call_arguments.done", ...place, arguments: whole },
    ],
  };
}

function customForm(parts: CallParts): CallForm {
  const { place, callId } = parts;
  const input = createCustomInput();
  let known = "";
  const tell = (delta: string): Unnumbered[] => {
    known += delta;
    return delta === "" ? [] : [{ type: "response.custom_tool_call_input.delta", ...place, delta }];
  };
  return {
    item: (status): CustomToolCallItem => ({
      id: place.item_id,
      type: "custom_tool_call",
      status,
      call_id: callId,
      ...names(parts),
      input: known,
    }),
    add: (fragment) => tell(input.add(fragment)),
    end: () => [
      ...tell(input.end()),
      { type: "response.custom_tool_call_input.done", ...place, input: known },
    ],
  };
}

const shellArguments = z.object({
  command: z.array(z.string()),
  working_directory: z.string().nullish().catch(null),
  timeout_ms: z.number().nullish().catch(null),
  env: z.record(z.string(), z.string()).catch({}),
});

/** The published API has no events between its beginning and its end. */
function shellForm({ place, callId }: CallParts): CallForm {
  return {
    item: (status, whole): LocalShellCall => ({
      id: place.item_id,
      type: "local_shell_call",
      status,
      call_id: callId,
      action: { type: "exec", ...commandOf(status === "in_progress" ? "" : whole) },
    }),
    add: () => [],
    end: () => [],
  };
}

/** No command where the model's arguments are not understood: nothing is made up that would run. */
function commandOf(whole: string): Omit<LocalShellCall["action"], "type"> {
  const { command, env, timeout_ms, working_directory } = readShellArguments(whole);
  return {
    command,
    env: env ?? {},
    timeout_ms: timeout_ms ?? null,
    user: null,
    working_directory: working_directory ?? null,
  };
}

function readShellArguments(
  whole: string,
): Partial<z.infer<typeof shellArguments>> & { command: string[] } {
  try {
    return shellArguments.safeParse(JSON.parse(whole)).data ?? { command: [] };
  } catch {
    return { command: [] };
  }
}
