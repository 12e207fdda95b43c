/** Whatever a ticket's holder sends: what reaches the engine is what the tables allow, and nothing else. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answerShortly,
  type BareEngine,
  type BareRequest,
  startBareEngine,
} from "../../../test/support/fake-engine/bare-engine.ts";
import type { TestTicket } from "../../../test/support/fake-engine/coordinator-stub.ts";
import type { AskOptions, Reply } from "../../../test/support/fake-engine/infer-client.ts";
import {
  allowedPaths,
  enginesOwnFields,
  pathsOf,
  wholeBodies,
} from "../../../test/support/fake-engine/request-paths.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { type InferencePath, inferenceRoutes } from "../../protocol/chat.ts";
import { limits } from "../../protocol/limits.ts";

let network: TestWorker;
let engine: BareEngine;
beforeAll(async () => {
  engine = await startBareEngine((request, response) =>
    request.target === "/v1/embeddings"
      ? void response.end(JSON.stringify({ data: [] }))
      : answerShortly(request, response),
  );
  network = await startTestWorker({ drive: engine.drive });
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

let ticket: TestTicket | undefined;
let k = 0;
/** A request under a number of its own, and what the engine got of it. */
async function send(
  asked: Omit<AskOptions, "url" | "ticket">,
): Promise<{ reply: Reply; got: readonly BareRequest[] }> {
  if (!ticket || k >= limits.secretsPerTicket) {
    ticket = await network.ticket({ budget: "100000.000000" });
    k = 0;
  }
  const before = engine.requests.length;
  const reply = await network.ask({ ...asked, ticket, k: (k += 1) });
  return { reply, got: engine.requests.slice(before) };
}

const paths = Object.keys(inferenceRoutes) as InferencePath[];
const bounded = (numRuns: number) => ({ numRuns, seed: 5_150 });

function expectAllowed(path: InferencePath, got: readonly BareRequest[], count = 1): void {
  expect(got).toHaveLength(count);
  for (const { method, target, body } of got) {
    expect([method, target]).toEqual(["POST", path]);
    expect(pathsOf(JSON.parse(body)).filter((each) => !allowedPaths[path].has(each))).toEqual([]);
    expect(body).not.toContain("INTRUDER");
  }
}

test.each(paths)("%s: what is allowed arrives, all of it", async (path) => {
  const { reply, got } = await send({ path, body: wholeBodies[path] });
  expect(reply.code).toBeUndefined();
  const sent = JSON.parse(got[0]!.body) as unknown;
  expect(sent).toEqual(wholeBodies[path]);
  expect(new Set(pathsOf(sent))).toEqual(allowedPaths[path]);
});

/** Every object within a value, itself included, but for those whose keys are the caller's own. */
function objectsIn(value: unknown, key = ""): Record<string, unknown>[] {
  const isOwn = ["parameters", "schema", "logit_bias"].includes(key);
  if (typeof value !== "object" || value === null || isOwn) return [];
  const inside = Object.entries(value).flatMap(([name, member]) => objectsIn(member, name));
  return Array.isArray(value) ? inside : [value as Record<string, unknown>, ...inside];
}

const foreignNames = Object.values(enginesOwnFields).flat();
const foreignKey = fc.oneof(
  fc.constantFrom(...foreignNames),
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "$ref", "url", "Model"),
  fc.string({ unit: "binary-ascii", minLength: 1 }).map((text) => `INTRUDER${text}`),
);
const foreignValue = fc.oneof(
  fc.constant("INTRUDER"),
  fc.constant({ INTRUDER: { model: "INTRUDER", messages: ["INTRUDER"] } }),
  fc.jsonValue({ maxDepth: 3 }).map((value) => ["INTRUDER", value]),
);

test.each(paths)("%s: keys that are not in the table are dropped, at every depth", async (path) => {
  const intruder = fc.tuple(fc.nat(), foreignKey, foreignValue);
  await fc.assert(
    fc.asyncProperty(fc.array(intruder, { minLength: 1, maxLength: 8 }), async (intruders) => {
      const body = structuredClone(wholeBodies[path]) as Record<string, unknown>;
      const places = objectsIn(body);
      for (const [at, key, value] of intruders) {
        const place = places[at % places.length]!;
        // An assignment to `__proto__` would make no key.
        if (!Object.hasOwn(place, key) && !pathsOf(wholeBodies[path]).some((p) => p.endsWith(key)))
          Object.defineProperty(place, key, { value, enumerable: true, configurable: true });
      }
      const { reply, got } = await send({ path, body });
      // NUL and the like are refused before any table is looked at.
      expect([undefined, "invalid_value"]).toContain(reply.code);
      expectAllowed(path, got, reply.code === undefined ? 1 : 0);
    }),
    bounded(60),
  );
});

test.each(paths)(
  "%s: with any values whatever, it is refused or holds what is allowed",
  async (path) => {
    const known = [...Object.keys(wholeBodies[path]), ...foreignNames];
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom(...(Object.values(wholeBodies[path]) as unknown[])),
      fc.constantFrom(1e308, -0, Number.MAX_SAFE_INTEGER + 2, "http://INTRUDER/", [[[[[]]]]]),
    );
    const fields = fc.dictionary(fc.constantFrom(...known), value, { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(fields, async (changed) => {
        const body = { ...wholeBodies[path], ...changed, model: "test-model" };
        const { reply, got } = await send({ path, body });
        expect([undefined, "invalid_value"]).toContain(reply.code);
        const texts = got.map((each) => ({ ...each, body: each.body.replaceAll("INTRUDER", "") }));
        expectAllowed(path, texts, reply.code === undefined ? 1 : 0);
      }),
      bounded(60),
    );
  },
);

test.each(Object.entries(enginesOwnFields))("no field of %s's own arrives", async (_name, own) => {
  const fields = Object.fromEntries(own.map((name) => [name, "INTRUDER"]));
  for (const path of paths) {
    const { reply, got } = await send({ path, body: { ...wholeBodies[path], ...fields } });
    expect(reply.code).toBeUndefined();
    expectAllowed(path, got);
  }
});

const chat = `"model":"test-model","messages":[{"role":"user","content":"a"}]`;
test.each([
  ["a key twice", `{${chat},"top_k":1,"top_k":2}`, "duplicate_key"],
  ["a key twice, once escaped", `{${chat},"top_k":1,"top\\u005fk":2}`, "duplicate_key"],
  ["a key twice, deep down", `{${chat},"x":[{"a":1,"a":2}]}`, "duplicate_key"],
  ["`__proto__` twice", `{${chat},"__proto__":1,"__proto__":2}`, "duplicate_key"],
  ["an array of 33 levels", `{${chat},"x":${"[".repeat(33)}${"]".repeat(33)}}`, "json_too_deep"],
  ["a number beyond all", `{${chat},"seed":1e999}`, "invalid_value"],
  ["a number beyond all where it is dropped", `{${chat},"x":-1e999}`, "invalid_value"],
  ["a seed of many digits", `{${chat},"seed":${"9".repeat(40)}}`, "invalid_value"],
  [
    "half of a surrogate pair",
    `{"model":"test-model","messages":[{"role":"user","content":"\\ud800"}]}`,
    "invalid_value",
  ],
  ["half of a surrogate pair in a key", `{${chat},"\\udfff":1}`, "invalid_value"],
  ["a NUL", `{${chat},"stop":"\\u0000"}`, "invalid_value"],
  ["a byte order mark", `\ufeff{${chat}}`, "invalid_json"],
  ["two values", `{${chat}}{}`, "invalid_json"],
  ["a list", `[{${chat}}]`, "invalid_value"],
])("%s: refused, and the engine hears nothing", async (_what, body, code) => {
  const { reply, got } = await send({ body });
  expect(reply.code).toBe(code);
  expect(got).toEqual([]);
});
