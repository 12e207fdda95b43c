/**
 * OpenAI's published types as JSON schemas, made from the declarations of its own package: what is on the wire is held
 * against them and not against ours. Members that the types do not have are refused.
 */
import type { ErrorObject } from "ajv";
import { readPackageTypes } from "./package-schema.ts";

const published = readPackageTypes("openai/resources/responses/responses", (schema) => {
  // A convenience that OpenAI's SDK adds to what it has received.
  const response = schema.definitions?.["Response"];
  if (typeof response !== "object") return;
  delete response.properties?.["output_text"];
  response.required = response.required?.filter((name) => name !== "output_text") ?? [];
});

/** Types by the `type` that their members carry, so that a complaint is about one event and not about sixty. */
let eventTypes: Map<string, string> | undefined;

function typeOfEvent(type: string): string {
  eventTypes ??= new Map(
    Object.entries(published.schemaOf("ResponseStreamEvent").definitions ?? {}).flatMap(
      ([name, definition]) => {
        const tag = typeof definition === "object" ? definition.properties?.["type"] : undefined;
        const value = typeof tag === "object" ? tag.const : undefined;
        return typeof value === "string" && name.endsWith("Event") ? [[value, name] as const] : [];
      },
    ),
  );
  const name = eventTypes.get(type);
  if (!name) throw new Error(`OpenAI publishes no event ${JSON.stringify(type)}`);
  return name;
}

const ownerOf = ({ schemaPath }: ErrorObject) => schemaPath.split("/").slice(0, 3).join("/");

/** Complaints of all branches of a union, but those that another `type` would have had to be taken by. */
function explain(errors: readonly ErrorObject[]): string {
  const others = new Set(
    errors
      .filter(({ keyword, instancePath }) => keyword === "const" && instancePath.endsWith("/type"))
      .map(ownerOf),
  );
  const own = errors.filter((error) => !others.has(ownerOf(error)) && error.keyword !== "anyOf");
  return (own.length > 0 ? own : errors)
    .slice(0, 12)
    .map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    )
    .join("\n");
}

/**
 * @param typeName one that `openai/resources/responses/responses` exports, such as `ResponsesServerEvent`
 * @throws Error that says what does not fit
 */
export function expectPublished(typeName: string, value: unknown): void {
  const errors = published.errors(typeName, value);
  if (errors.length === 0) return;
  throw new Error(
    `not OpenAI's ${typeName}:\n${explain(errors)}\n${JSON.stringify(value, null, 1)}`,
  );
}

export const expectResponse = (value: unknown): void => expectPublished("Response", value);

/** One event of a stream. */
export function expectEvent(value: unknown): void {
  const { type } = value as { type: string };
  expectPublished(typeOfEvent(type), value);
}
