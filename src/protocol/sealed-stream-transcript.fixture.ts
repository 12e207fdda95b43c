/**
 * One sealed request and its answer, byte for byte, as `test/vectors/sealed-stream.json` has them for whoever writes
 * another client or worker. All that is random is fixed: never use these keys.
 */
import { sha256, toBase64url } from "./bytes.ts";
import { type Frame, frameTypes } from "./frames.ts";
import { generateHpkeKeyPair, type HpkeSuite } from "./hpke.ts";
import { hpkeKeyId } from "./key-statement.ts";
import type { FrameSealer } from "./sealed-stream-cipher.ts";
import { readSealedHeaders } from "./sealed-stream-header.ts";
import { createSealingSession, openSealingSession } from "./sealed-stream-session.ts";
import { frameOf } from "./sealed-stream.fixture.ts";
import { createSecretTree } from "./secrets.ts";

const fixed = (name: string, length: number) => sha256("test vector", name).subarray(0, length);

/** Gives these, in this order. */
function drawing(...values: Uint8Array[]) {
  return {
    bytes: () => values.shift()!,
    uuid: () => "",
    fraction: () => 0,
  };
}

const secret = createSecretTree(fixed("seed", 32)).reveal(7);
const request: Frame[] = [
  frameOf(
    "head",
    JSON.stringify({
      path: "/v1/chat/completions",
      k: secret.k,
      x: secret.x,
      proof: secret.path,
    }),
  ),
  frameOf(
    "body",
    `{"model":"toy","messages":[{"role":"user","content":"What is a ticket?"}],"stream":true}`,
  ),
];
const answer: Frame[] = [
  frameOf("head", '{"status":200,"headers":{"content-type":"text/event-stream"}}'),
  frameOf("body", 'data: {"choices":[{"index":0,"delta":{"content":"A right"}}]}\n\n'),
  // Longer than the smallest size.
  frameOf(
    "body",
    `data: {"choices":[{"index":0,"delta":{"content":"${" to spend".repeat(60)}"}}]}\n\n`,
  ),
  frameOf("line", JSON.stringify({ k: 7, x: secret.x, finish: "stop", cost: "0.000001" })),
];

function sealAll(sealer: FrameSealer, frames: readonly Frame[]) {
  const sealed = frames.map((frame, index) => {
    const isFinal = index === frames.length - 1;
    return {
      type: frameTypes[frame.type],
      text: Buffer.from(frame.bytes).toString(),
      final: isFinal,
      wire: toBase64url(sealer.seal(frame, isFinal)),
    };
  });
  return { frames: sealed, hash: sealer.wireHash() };
}

/** Binary values are base64url. */
export function transcriptOf(suite: HpkeSuite) {
  const inputs = {
    ticket: "eyJ0eXAiOiJ0cm9vcC10aWNrZXQrand0In0.e30.c2lnbmF0dXJl",
    node: toBase64url(fixed("node", 32)),
    boot: toBase64url(fixed("boot", 16)),
    node_private: toBase64url(fixed("node private", 32)),
    ephemeral_private: toBase64url(fixed("ephemeral private", 32)),
    k: 7,
    attempt: toBase64url(fixed("attempt", 16)),
    answer_salt: toBase64url(fixed("answer salt", 32)),
  };
  const pair = generateHpkeKeyPair(drawing(fixed("node private", 32)));
  const key = { kid: hpkeKeyId(pair.publicKey), publicKey: pair.publicKey };
  const client = createSealingSession({
    ...{ ...inputs, key, suite },
    random: drawing(fixed("ephemeral private", 32), fixed("attempt", 16)),
  }).seal(inputs.k);
  const headers = readSealedHeaders(client.headers);
  const worker = openSealingSession({
    ...{ ...inputs, encapsulation: headers.encapsulation, keys: new Map([[key.kid, pair]]) },
    random: drawing(fixed("answer salt", 32)),
    attempts: new Set(),
  }).open(headers);
  return {
    suite,
    inputs,
    node_public: pair.publicKey,
    headers: client.headers,
    request: sealAll(client.request, request),
    answer: sealAll(worker.claim(), answer),
  };
}
export type Transcript = ReturnType<typeof transcriptOf>;
