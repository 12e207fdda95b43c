import { expect, test } from "vitest";
import { someHashes } from "./receipt.fixture.ts";
import { type Line, lineHash, lineSchema } from "./receipt.ts";
import { createSecretTree } from "./secrets.ts";

const tree = createSecretTree(new Uint8Array(32));
const line: Line = {
  ...tree.reveal(1),
  ...{ started: 1_000, ended: 2_000, billed_ms: 900, first_token_ms: 10, prompt_tokens: 3 },
  ...{ completion_tokens: 4, estimated: false, finish: "stop", cost: "0.500000" },
  ...someHashes,
};
const lost = {
  ...{ request_hash: null, response_hash: null },
  ...{ finish: "worker_error", cost: "0.000000" },
} as const;

test("lines that differ in any field have different hashes", () => {
  const others: { [Field in keyof Line]: Line[Field] } = {
    ...tree.reveal(2),
    ...{ started: 1_001, ended: 2_001, billed_ms: 901, first_token_ms: null, prompt_tokens: 4 },
    ...{ completion_tokens: 5, estimated: true, finish: "length", cost: "0.500001" },
    ...{ request_hash: someHashes.response_hash, response_hash: someHashes.request_hash },
  };
  const fields = Object.keys(line) as (keyof Line)[];
  const hashes = fields.map((field) => lineHash({ ...line, [field]: others[field] }));
  expect(new Set([lineHash(line), ...hashes]).size).toBe(fields.length + 1);
});

test("a line that was lost with its process names no bytes, and costs nothing", () => {
  expect(lineSchema.parse({ ...line, ...lost })).toMatchObject(lost);
});

test.each<[string, object]>([
  ["without hashes that costs something", { ...lost, cost: "0.000001" }],
  ["without hashes that ended well", { ...lost, finish: "stop" }],
  ["that ended before it began", { ended: 999 }],
  ["without its request's", { request_hash: null }],
  [
    "without its answer's, though it is worth nothing",
    { ...lost, ...someHashes, response_hash: null },
  ],
  ["with a hash in hexadecimal", { request_hash: "0".repeat(64) }],
  ["with a hash left out", { response_hash: undefined }],
])("a line %s is none", (_name, changes) => {
  expect(lineSchema.safeParse({ ...line, ...changes }).success).toBe(false);
});
