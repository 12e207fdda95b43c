/** A request for a response as OpenAI's API shapes it: what is asked for, and what of it is a chat. Pure. */
import { TroopError } from "../../../protocol/error-codes.ts";
import { type Fields, fieldsSchema, refusedFields, samplingFields } from "./fields.ts";
import { readInput } from "./input.ts";
import type { InputItem, Item, NextId } from "./items.ts";
import { invalid, isObject, parse, unsupported } from "./refusal.ts";
import { readSettings } from "./read-settings.ts";
import type { ResponseSettings } from "./settings.ts";

export interface ResponsesRequest {
  model: string;
  isStream: boolean;
  /** Whether it is to be kept for `previous_response_id` and `GET`. */
  isStored: boolean;
  isBackground: boolean;
  /** `generate: false` of the WebSocket mode: its input is taken in, nothing is generated. */
  isWarmUp: boolean;
  previousResponseId: string | undefined;
  /** A string became one message of the user. Each item but references has an id. */
  input: InputItem[];
  settings: ResponseSettings;
  /** Names of what was dropped, for `x-troop-ignored`. */
  ignored: string[];
}

/** @throws TroopError `invalid_value`, `unsupported_parameter`, naming the parameter: `input[0].content[1].file_id` */
export function readResponsesRequest(body: unknown, nextId: NextId): ResponsesRequest {
  if (!isObject(body)) throw new TroopError("invalid_value", "The body must be a JSON object.");
  for (const [name, reason] of Object.entries(refusedFields))
    if (body[name] !== undefined && body[name] !== null) throw unsupported(name, reason);
  const { fields, sampling, ignored } = split(body);
  const isStored = fields.store ?? true;
  const isBackground = fields.background ?? false;
  if (isBackground && !isStored)
    throw invalid("background", "only a response that is stored can go on in the background.");
  return {
    model: fields.model,
    isStream: fields.stream ?? false,
    isStored,
    isBackground,
    isWarmUp: fields.generate === false,
    previousResponseId: fields.previous_response_id ?? undefined,
    input: inputOf(fields, nextId, ignored),
    settings: readSettings(fields, sampling, ignored),
    ignored: [...ignored],
  };
}

/** What is known, what goes to the chat as it is, and the names of the rest. */
function split(body: Readonly<Record<string, unknown>>): {
  fields: Fields;
  sampling: Record<string, unknown>;
  ignored: Set<string>;
} {
  const known: Record<string, unknown> = {};
  const sampling: Record<string, unknown> = {};
  const ignored = new Set<string>();
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    if (Object.hasOwn(fieldsSchema.shape, name)) known[name] = value;
    else if (samplingFields.includes(name)) sampling[name] = value;
    else if (ignored.size < ignoredMost) ignored.add(name);
  }
  if (known["model"] === undefined)
    throw invalid("model", "name a model; `GET /v1/models` lists them.");
  return { fields: parseFields(known, ignored), sampling, ignored };
}

const ignoredMost = 100;

/** Field by field, so that each failure begins with the field's name. */
function parseFields(known: Readonly<Record<string, unknown>>, ignored: Set<string>): Fields {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(known))
    fields[name] = parse(fieldsSchema.shape[name as keyof Fields], value, name, ignored);
  return fields as Fields;
}

function inputOf(
  { input, previous_response_id }: Fields,
  nextId: NextId,
  ignored: Set<string>,
): InputItem[] {
  if (input !== undefined) return readInput(input, nextId, ignored);
  // To a conversation that exists there need not be anything to add.
  if (previous_response_id) return [];
  throw invalid("input", "it is required.");
}

/** A request whose references were looked up. */
export type ResolvedRequest = ResponsesRequest & { input: Item[] };

/**
 * Puts kept items in the place of references to them.
 * @param find looks among all items that are kept
 * @throws TroopError `invalid_value` for one that is not there
 */
export function resolveReferences(
  request: ResponsesRequest,
  find: (id: string) => Item | undefined,
): ResolvedRequest {
  const input = request.input.map((item, index): Item => {
    if (item.type !== "item_reference") return item;
    const found = find(item.id);
    if (!found) throw invalid(`input[${index}].id`, "no item of this id is kept here.");
    return found;
  });
  return { ...request, input };
}
