/** From whatever went wrong to the failure it stands for. Nothing of the input is echoed. */
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { expectedFailure } from "../../host/framework-failure.ts";
import { TroopError } from "../../protocol/error-codes.ts";

/** The expected failure that an error stands for; undefined for a fault of ours. */
export function expectedError(error: unknown): TroopError | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) return validationError(error);
  return expectedFailure(error);
}

function validationError(error: {
  validation: readonly { keyword: string; instancePath: string; params: unknown }[];
}): TroopError {
  const [issue] = error.validation;
  const path = (issue?.instancePath ?? "").split("/").filter(Boolean);
  if (issue?.keyword === "unrecognized_keys") {
    const keys = unknownKeysOf(issue.params);
    const param = [...path, ...keys.slice(0, 1)].join(".");
    return new TroopError("unknown_parameter", undefined, paramOf(param));
  }
  const param = path.join(".");
  const message =
    param && isSafe(param)
      ? `\`${param}\` is missing or not of the kind that is asked for.`
      : undefined;
  return new TroopError("invalid_value", message, paramOf(param));
}

function unknownKeysOf(params: unknown): string[] {
  const keys = (params as { keys?: unknown; issue?: { keys?: unknown } }) ?? {};
  const found = keys.keys ?? keys.issue?.keys;
  return Array.isArray(found) ? found.map(String) : [];
}

/** A parameter's name is the caller's own text: only what looks like a name is sent back. */
const isSafe = (param: string): boolean => /^[\w.-]{1,64}$/.test(param);
const paramOf = (param: string) => (isSafe(param) ? { param } : {});
