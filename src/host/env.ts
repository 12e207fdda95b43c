/** Reads settings from the environment. Reading is here; what a setting means is decided in each `config.ts`. */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { TroopError } from "../protocol/error-codes.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses settings named in `schema` (keys are variable names). An empty variable counts as unset.
 * @throws TroopError `configuration_invalid` naming the variable
 */
export function readSettings<Shape extends z.ZodObject>(
  environment: Environment,
  schema: Shape,
): z.infer<Shape> {
  const present = Object.keys(schema.shape).flatMap((name) => {
    const value = environment[name];
    return value ? [[name, value] as const] : [];
  });
  const parsed = schema.safeParse(Object.fromEntries(present));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? "a setting");
  const isNumber = issue?.code === "invalid_type" && issue.expected === "number";
  const complaint = isNumber ? `"${environment[name]}" is no number` : issue?.message;
  throw new TroopError("configuration_invalid", `${name} is not understood: ${complaint}.`, {
    param: name,
  });
}

/**
 * A secret from `NAME`, or from the file that `NAME_FILE` points to (as container platforms mount them).
 * @throws TroopError `configuration_invalid` where the file cannot be read
 */
export function readSecret(environment: Environment, name: string): string | undefined {
  const file = environment[`${name}_FILE`];
  if (!file) return environment[name] || undefined;
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch (error) {
    throw new TroopError(
      "configuration_invalid",
      `${name}_FILE names ${file}, which cannot be read.`,
      {
        param: `${name}_FILE`,
        cause: error,
      },
    );
  }
}
