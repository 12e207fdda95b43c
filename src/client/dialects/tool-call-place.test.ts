/** Two calls of one answer, in the words of each engine, arrive as two calls with an id, a name and JSON each. */
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createToolCalls, engineToolDelta, type EngineToolDelta } from "./tool-calls.ts";

/** One delta: index, id, name, fragment. `_` is left out, `""` is there and empty. */
function deltaOf(told: string): EngineToolDelta {
  const [index, id, name, fragment] = told
    .split(" ")
    .map((word) => (word === "_" ? undefined : word === '""' ? "" : word));
  return engineToolDelta.parse({
    ...(index !== undefined && { index: Number(index) }),
    ...{ id, function: { name, arguments: fragment } },
  });
}

/** As an SDK joins them: by index, names and arguments end to end. */
function joined(deltas: readonly string[]) {
  const tools = createToolCalls(systemRandom, new Set());
  const calls: { id: string; name: string; args: string }[] = [];
  for (const told of deltas) {
    const delta = tools.read(deltaOf(told));
    if (!delta) continue;
    const call = (calls[delta.index] ??= { id: delta.id!, name: "", args: "" });
    call.name += delta.function.name ?? "";
    call.args += delta.function.arguments;
  }
  expect(tools.count).toBe(calls.length);
  return calls;
}

/** In what is expected: an id that is made here. */
const made = "made";

test.each<[engine: string, deltas: string[], ids: string[]]>([
  [
    "OpenAI, vLLM, llama.cpp: an index for each, id and name once",
    ["0 a f _", '0 _ _ {"at":', "0 _ _ 1}", '1 b f ""', '1 _ _ {"at":2}'],
    ["a", "b"],
  ],
  [
    "the same, with fragments in turn",
    ["0 a f _", "1 b f _", '0 _ _ {"at":', '1 _ _ {"at":', "0 _ _ 1}", "1 _ _ 2}"],
    ["a", "b"],
  ],
  [
    "llama.cpp in May 2025: id and name with each fragment",
    ['0 a f {"at":', "0 a f 1}", '0 a f ""', '1 b f {"at":', "1 b f 2}"],
    ["a", "b"],
  ],
  [
    "llama.cpp where the id stands behind the arguments: another one midway",
    ['0 x f {"at":', "0 a f 1", "0 _ _ }", '1 b f {"at":2}'],
    ["x", "b"],
  ],
  [
    "one id for both, an index for each (DeepSeek's, GLM's)",
    ['0 a f {"at":', "0 a _ 1}", '1 a f {"at":', "1 a _ 2}"],
    ["a", made],
  ],
  ["an empty id, an index for each", ['0 "" f {"at":1}', '1 "" f {"at":2}'], [made, made]],
  ["an empty id and index 0, whole calls", ['0 "" f {"at":1}', '0 "" f {"at":2}'], [made, made]],
  ["one id and index 0, whole calls", ['0 a f {"at":1}', '0 a f {"at":2}'], ["a", made]],
  ["one id and no index, whole calls", ['_ a f {"at":1}', '_ a f {"at":2}'], ["a", made]],
  ["Ollama up to 0.20: index 0, whole calls", ['0 a f {"at":1}', '0 b f {"at":2}'], ["a", "b"]],
  ["Ollama before 0.4.7: no index, whole calls", ['_ a f {"at":1}', '_ b f {"at":2}'], ["a", "b"]],
  ["neither index nor id, whole calls", ['_ _ f {"at":1}', '_ _ f {"at":2}'], [made, made]],
  [
    "neither index nor id, in fragments",
    ['_ _ f ""', '_ _ _ {"at":1}', '_ _ f ""', '_ _ _ {"at":2}'],
    [made, made],
  ],
  [
    "vLLM in 2025: index 0, and an empty id with each fragment",
    ['0 a f ""', '0 "" _ {"at":1}', '0 b f ""', '0 "" _ {"at":2}'],
    ["a", "b"],
  ],
  [
    "SGLang in 2025: index 0, and the id with each fragment",
    ['0 0 f ""', '0 0 _ {"at":1}', '0 1 f ""', '0 1 _ {"at":2}'],
    ["0", "1"],
  ],
  [
    "SGLang: no id for the second call",
    ['0 a f {"at":1}', '1 _ f ""', '1 _ _ {"at":2}'],
    ["a", made],
  ],
  [
    "SGLang, of a tool that was not offered: index -1",
    ['-1 a f ""', '-1 _ _ {"at":1}', '-1 b f ""', '-1 _ _ {"at":2}'],
    ["a", "b"],
  ],
  [
    "LMDeploy, servers of MLX: another id with each fragment",
    ['0 a f ""', '0 b _ {"at":1}', '1 c f ""', '1 d _ {"at":2}'],
    ["a", "c"],
  ],
  [
    "another id with each fragment, in turn",
    ['0 a f ""', '1 b f ""', '0 c _ {"at":1}', '1 d _ {"at":2}'],
    ["a", "b"],
  ],
  [
    "an index that counts fragments, with ids",
    ['0 a f {"at":', "1 a _ 1}", '2 b f {"at":', "3 b _ 2}"],
    ["a", "b"],
  ],
  [
    "an index that counts fragments, without",
    ['0 a f {"at":', "1 _ _ 1}", '2 b f {"at":', "3 _ _ 2}"],
    ["a", "b"],
  ],
  [
    "neither index nor id, the name with each fragment",
    ['_ _ f {"at":', "_ _ f 1}", '_ _ f {"at":', "_ _ f 2}"],
    [made, made],
  ],
  [
    "gateways that close with all of a call: with its names, and without",
    ['0 a f {"at":', "0 _ _ 1}", '0 a f {"at":1}', '1 b f ""', '1 _ _ {"at":2}', '1 _ _ {"at":2}'],
    ["a", "b"],
  ],
  [
    "vMLX: announced before its name is known",
    ['0 a "" ""', '0 a f {"at":1}', '1 b "" ""', '1 b f {"at":2}'],
    ["a", "b"],
  ],
])("%s", (_engine, deltas, ids) => {
  const calls = joined(deltas);
  expect(calls.map(({ name, args }) => name + args)).toEqual(['f{"at":1}', 'f{"at":2}']);
  // Mistral's templates take no other form than nine letters and digits; the others take it as well.
  const told = calls.map(({ id }) => (/^[0-9a-f]{9}$/.test(id) ? made : id));
  expect(told).toEqual(ids);
  expect(calls[0]!.id).not.toBe(calls[1]!.id);
});

test.each([
  ["b", "another id"],
  ["a", "the same id"],
  ["_", "no id"],
])("a call that broke off does not swallow the next of another name: %s, %s", (id) => {
  const calls = joined(['0 a f {"at":', `0 ${id} g {"at":2}`]);
  expect(calls.map(({ name, args }) => name + args)).toEqual(['f{"at":', 'g{"at":2}']);
});

test("arguments that are no JSON are not joined with those of the next call", () => {
  const calls = joined(["0 a f at=1", "0 b f at=2"]);
  expect(calls.map(({ id, args }) => id + args)).toEqual(["aat=1", "bat=2"]);
});

test("of one tool, with the same arguments and no id, a model may ask twice", () => {
  expect(joined(['0 _ f {"at":1}', '0 _ f {"at":1}'])).toHaveLength(2);
});

test("braces within a text of the arguments do not end them", () => {
  const whole = String.raw`{"a":"\"}}{","b":{}}`;
  const calls = joined([...Array.from(whole, (sign) => `0 a f ${sign}`), "0 a f {}"]);
  expect(calls.map(({ args }) => args)).toEqual([whole, "{}"]);
});
