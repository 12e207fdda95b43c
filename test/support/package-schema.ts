/** Judges values by the types that a package publishes, at runtime: a member too many is as wrong as one too few. */
import { fileURLToPath } from "node:url";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { createGenerator, type Schema } from "ts-json-schema-generator";

export interface PackageTypes {
  schemaOf(type: string): Schema;
  /** What is wrong with a value as an instance of the type; empty where it is one. */
  errors(type: string, value: unknown): readonly ErrorObject[];
  /** The same in words. */
  faults(type: string, value: unknown): string[];
}

/**
 * @param module as it is imported, such as `openai/resources/responses/responses`; its declarations stand beside it
 * @param amend changes a schema where the types say what is not on the wire
 */
export function readPackageTypes(
  module: string,
  amend: (schema: Schema) => void = () => undefined,
): PackageTypes {
  const path = fileURLToPath(import.meta.resolve(module)).replace(/\.m?js$/, ".d.ts");
  /** Reading the declarations takes seconds. */
  let generator: ReturnType<typeof createGenerator> | undefined;
  const checks = new Map<string, ValidateFunction>();

  function schemaOf(type: string): Schema {
    generator ??= createGenerator({
      ...{ path, skipTypeCheck: true, additionalProperties: false },
      ...{ expose: "all", topRef: true, jsDoc: "none" },
    });
    const schema = structuredClone(generator.createSchema(type));
    amend(schema);
    return schema;
  }

  function checkOf(type: string): ValidateFunction {
    const known = checks.get(type);
    if (known) return known;
    const check = new Ajv({ strict: false, allErrors: true }).compile(schemaOf(type) as object);
    checks.set(type, check);
    return check;
  }

  function errors(type: string, value: unknown): readonly ErrorObject[] {
    const check = checkOf(type);
    // As it looks on the wire: what is undefined is not there.
    return check(JSON.parse(JSON.stringify(value))) ? [] : check.errors!;
  }

  return {
    schemaOf,
    errors,
    faults: (type, value) =>
      errors(type, value).map(({ instancePath, message }) => `${instancePath}: ${message}`),
  };
}
