/** Judges values by the types that a package publishes, at runtime: a member too many is as wrong as one too few. */
import { fileURLToPath } from "node:url";
import { Ajv, type AnySchema, type ValidateFunction } from "ajv";
import { createGenerator } from "ts-json-schema-generator";

export interface PackageTypes {
  /** What is wrong with a value as an instance of the type; empty where it is one. */
  faults(type: string, value: unknown): string[];
}

/** @param module as it is imported, such as `openai/resources/responses/responses`; its declarations stand beside it */
export function readPackageTypes(module: string): PackageTypes {
  const path = fileURLToPath(import.meta.resolve(module)).replace(/\.m?js$/, ".d.ts");
  const generator = createGenerator({
    ...{ path, skipTypeCheck: true, additionalProperties: false },
    ...{ expose: "all", topRef: true, jsDoc: "none" },
  });
  const checks = new Map<string, ValidateFunction>();

  function checkOf(type: string): ValidateFunction {
    const known = checks.get(type);
    if (known) return known;
    const schema = generator.createSchema(type) as AnySchema;
    const check = new Ajv({ strict: false, allErrors: true }).compile(schema);
    checks.set(type, check);
    return check;
  }

  return {
    faults(type, value) {
      const check = checkOf(type);
      // As it looks on the wire: what is undefined is not there.
      if (check(JSON.parse(JSON.stringify(value)))) return [];
      return check.errors!.map(({ instancePath, message }) => `${instancePath}: ${message}`);
    },
  };
}
