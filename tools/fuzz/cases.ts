/** All calls that the OpenAPI document knows, well-meant and not, and what is none. The same seed makes the same ones. */
import fc from "fast-check";
import { brokenTexts, damaged } from "./damage.ts";
import { rawCases, type RawCase } from "./raw-cases.ts";
import { valuesOf, type Schema, type Word } from "./schema-values.ts";

export const callers = ["user", "owner", "node", "stranger"] as const;
export type CallerName = (typeof callers)[number];
const proofs = [
  "right",
  "missing",
  "garbled",
  "of another path",
  "of another body",
  "old",
] as const;
export type ProofKind = (typeof proofs)[number];

export interface CallCase {
  kind: "call";
  method: string;
  path: string;
  /** One character a byte, but for tokens. */
  body: string | undefined;
  headers: Record<string, string>;
  caller: CallerName;
  proof: ProofKind;
}
export type Case = CallCase | RawCase;

/** As much of an OpenAPI document as is used. */
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** Case number `index` of all that `seed` makes. */
export const caseOf = (cases: fc.Arbitrary<Case>, seed: number, index: number): Case =>
  fc.sample(cases, { seed: seed * 1_000_003 + index, numRuns: 1 })[0]!;

export function casesFor(document: ApiDocument, words: readonly Word[]): fc.Arbitrary<Case> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      callsOf(method.toUpperCase(), path, operation, words),
    ),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.oneof(...operations) },
    { weight: 1, arbitrary: rawCases },
  );
}

function callsOf(
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
  words: readonly Word[],
): fc.Arbitrary<CallCase> {
  const named = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const inPath = fc.record(
    Object.fromEntries(
      named("path").map(({ name, schema = {} }) => [name, textsFor(schema, words)]),
    ),
  );
  const inQuery = fc.record(
    Object.fromEntries(
      named("query").map(({ name, schema = {} }) => [name, textsFor(schema, words)]),
    ),
    { requiredKeys: [] },
  );
  const schema = requestBody?.content["application/json"]?.schema;
  return fc
    .record({
      inPath,
      inQuery,
      body: schema ? bodiesOf(schema, words) : fc.constant(undefined),
      method: fc.oneof(
        { weight: 20, arbitrary: fc.constant(method) },
        {
          weight: 1,
          arbitrary: fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"),
        },
      ),
      headers: headersOf,
      caller: fc.constantFrom(...callers),
      proof: fc.oneof(
        { weight: 12, arbitrary: fc.constant("right" as const) },
        { weight: 2, arbitrary: fc.constantFrom(...proofs) },
      ),
    })
    .map(({ inPath: names, inQuery: query, ...call }) => ({
      ...{ kind: "call" as const, ...call },
      path: pathOf(path, names, query),
    }));
}

const textsFor = (schema: Schema, words: readonly Word[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: valuesOf({ type: "string", ...schema }, words).map(String) },
    { weight: 1, arbitrary: fc.constantFrom("", "0", "-1", "1e9", "x", "%00", "☃", "a/b") },
  );

function bodiesOf(schema: Schema, words: readonly Word[]): fc.Arbitrary<string> {
  const values = valuesOf(schema, words);
  const text = (made: fc.Arbitrary<unknown>) => made.map((value) => JSON.stringify(value));
  return fc.oneof(
    { weight: 8, arbitrary: text(values).map((json) => Buffer.from(json).toString("latin1")) },
    {
      weight: 4,
      arbitrary: text(damaged(values)).map((json) => Buffer.from(json).toString("latin1")),
    },
    { weight: 1, arbitrary: brokenTexts(text(values)) },
  );
}

/** Mostly none. Only who comes from elsewhere is limited. */
const headersOf: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 30, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant({ "x-forwarded-for": "203.0.113.7" }) },
  { weight: 1, arbitrary: fc.constant({ "content-type": "text/plain" }) },
  { weight: 1, arbitrary: fc.constant({ "content-encoding": "gzip" }) },
  { weight: 1, arbitrary: fc.constant({ "troop-version": "99" }) },
  { weight: 1, arbitrary: fc.constant({ accept: "text/csv" }) },
);

type Texts = Readonly<Record<string, string | undefined>>;

function pathOf(path: string, names: Texts, query: Texts) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(names[name] ?? ""));
  const search = Object.entries(query).map(([name, text]) => `${name}=${escaped(text ?? "")}`);
  return search.length > 0 ? `${filled}?${search.join("&")}` : filled;
}

/** Tokens are filled in later, and need no escaping. */
const escaped = (text: string) =>
  text.startsWith("@@") ? text : encodeURIComponent(text.toWellFormed());
