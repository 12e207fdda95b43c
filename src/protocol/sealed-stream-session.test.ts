/** What a sealed request is bound to: another ticket, node, run, key, number or attempt does not open it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toBase64url } from "./bytes.ts";
import { generateHpkeKeyPair } from "./hpke.ts";
import { hpkeKeyId } from "./key-statement.ts";
import { limits } from "./limits.ts";
import {
  formatEncapsulation,
  readSealedHeaders,
  type SealedHeaders,
} from "./sealed-stream-header.ts";
import {
  createSealingSession,
  openSealingSession,
  type OpenedSessionParts,
} from "./sealed-stream-session.ts";
import { frameOf, readAll, repeatableRandom } from "./sealed-stream.fixture.ts";

const random = repeatableRandom("sessions");
const text = (length: number) => toBase64url(random.bytes(length));
const [pair, otherPair] = [generateHpkeKeyPair(random), generateHpkeKeyPair(random)];
const kid = hpkeKeyId(pair.publicKey);
const binding = { ticket: "a.b.c", node: text(32), boot: text(16) };
const client = createSealingSession({
  ...binding,
  key: { kid, publicKey: pair.publicKey },
  random,
});
const head = frameOf("head", '{"k":7}');

const sealed = client.seal(7);
const wire = [sealed.request.seal(head), sealed.request.seal(frameOf("body", "{}"), true)];
const sent = readSealedHeaders(sealed.headers);

type Worker = Omit<OpenedSessionParts, "encapsulation" | "attempts">;
const worker: Worker = { ...binding, keys: new Map([[kid, pair]]), random };
const openedBy = (attempts = new Set<string>()) =>
  openSealingSession({ ...worker, encapsulation: sent.encapsulation, attempts });

/** How a worker's reading of the recorded request ends. */
function endingAt(changed: Partial<Worker>, claimed: Partial<SealedHeaders> = {}): string {
  const { encapsulation, k, attempt } = { ...sent, ...claimed };
  try {
    const session = openSealingSession({
      ...{ ...worker, ...changed, encapsulation, attempts: new Set() },
    });
    return readAll(session.open({ k, attempt }).request, wire).ending;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

test("the worker that it was sealed for opens it", () => {
  expect(endingAt({})).toBe("whole");
});

const elsewhere: [string, Partial<Worker>, Partial<SealedHeaders>, string][] = [
  ["with another ticket", { ticket: "a.b.d" }, {}, "seal_broken"],
  ["at another node", { node: text(32) }, {}, "seal_broken"],
  ["after a restart with the key kept", { boot: text(16) }, {}, "seal_broken"],
  ["after a restart", { keys: new Map() }, {}, "session_unknown"],
  ["with another key under that name", { keys: new Map([[kid, otherPair]]) }, {}, "seal_broken"],
  ["under another number", {}, { k: 8 }, "seal_broken"],
  ["as another attempt", {}, { attempt: text(16) }, "seal_broken"],
  [
    "with another encapsulated key",
    {},
    { encapsulation: { ...sent.encapsulation, enc: otherPair.publicKey } },
    "seal_broken",
  ],
  [
    "with an encapsulated key of low order",
    {},
    { encapsulation: { ...sent.encapsulation, enc: toBase64url(new Uint8Array(32)) } },
    "seal_broken",
  ],
  [
    "as if by the other cipher",
    {},
    { encapsulation: { ...sent.encapsulation, suite: "aes-256-gcm" } },
    "seal_broken",
  ],
];
test.each(elsewhere)("%s it does not open", (_case, changed, claimed, code) => {
  expect(endingAt(changed, claimed)).toBe(code);
});

test("a head may be small only, what follows as large as a frame", () => {
  const large = { type: "body", bytes: new Uint8Array(limits.frameBytes) } as const;
  const asked = client.seal(1);
  const { request } = openedBy().open(readSealedHeaders(asked.headers));
  const frames = [
    asked.request.seal(head),
    asked.request.seal(large),
    asked.request.seal(large, true),
  ];
  expect(readAll(request, frames).ending).toBe("whole");
});

test("any bit that is flipped in a request is refused", () => {
  const length = Buffer.concat(wire).length;
  fc.assert(
    fc.property(fc.nat(length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const bytes = Buffer.concat(wire);
      bytes[at]! ^= 1 << bit;
      const session = openedBy();
      const { ending } = readAll(session.open(sent).request, [bytes]);
      expect(["seal_broken", "request_too_large", "invalid_value"]).toContain(ending);
    }),
    { numRuns: 150 },
  );
});

/** The worker's answer to a request of the client's, once its secret is proven. */
const claimed = (attempts: Set<string>, { headers } = client.seal(7)) => {
  const { encapsulation, ...attempt } = readSealedHeaders(headers);
  return openSealingSession({ ...worker, encapsulation, attempts })
    .open(attempt)
    .claim();
};
const refusal = (code: string) => expect.objectContaining({ code });

test("an attempt is claimed once under a ticket, also where its session was dropped; another is free", () => {
  const attempts = new Set<string>();
  claimed(attempts, sealed);
  expect(() => claimed(attempts, sealed)).toThrow(refusal("request_replayed"));
  claimed(attempts, client.seal(7));
});

test("what only opens uses no attempt up: a head is sealed by whoever saw the ticket", () => {
  const attempts = new Set<string>();
  for (let count = 0; count < 3; count += 1)
    expect(readAll(openedBy(attempts).open(sent).request, wire).ending).toBe("whole");
  expect(attempts.size).toBe(0);
});

test("so many attempts are remembered, and more refused", () => {
  const attempts = new Set<string>();
  for (let count = 0; count < limits.attemptsPerTicket; count += 1) claimed(attempts);
  expect(() => claimed(attempts)).toThrow(refusal("rate_limit_exceeded"));
});

test("the same answer sealed twice has other bytes each time, and each opens", () => {
  // As after a restore from a snapshot: the worker has forgotten that it answered.
  const [first, second] = [1, 2].map(() =>
    Buffer.from(claimed(new Set(), sealed).seal(head, true)),
  );
  expect(first!.subarray(0, 32).equals(second!.subarray(0, 32))).toBe(false);
  expect(first!.subarray(36, 68).equals(second!.subarray(36, 68))).toBe(false);
  expect(readAll(sealed.answer, [second!]).ending).toBe("whole");
});

test("a node that states another's key as its own cannot pass on what is sealed to it", () => {
  const key = { kid, publicKey: pair.publicKey };
  const { headers, request } = createSealingSession({
    ...{ ...binding, key, random, node: text(32) },
  }).seal(7);
  const { encapsulation, ...attempt } = readSealedHeaders(headers);
  const honest = openSealingSession({ ...worker, encapsulation, attempts: new Set() });
  const { ending } = readAll(honest.open(attempt).request, [request.seal(head, true)]);
  expect(ending).toBe("seal_broken");
});

test("a request's frames do not open as an answer's, nor the other way round", () => {
  const session = openedBy();
  const { answer } = client.seal(7);
  expect(readAll(answer, [Buffer.alloc(32), ...wire]).ending).toBe("stream_truncated");
  const exchange = session.open(sent);
  const back = exchange.claim().seal(head, true).subarray(32);
  expect(readAll(exchange.request, [back]).ending).toBe("seal_broken");
});

test("a node's key that is of low order is refused before anything is sealed", () => {
  const key = { kid, publicKey: toBase64url(new Uint8Array(32)) };
  expect(() => createSealingSession({ ...binding, key, random })).toThrow(
    expect.objectContaining({ code: "key_statement_invalid" }),
  );
});

describe("headers", () => {
  const good = sealed.headers;
  const { enc } = sent.encapsulation;

  test("are read as they were written", () => {
    expect(sent).toEqual({
      encapsulation: { kid, suite: "chacha20-poly1305", enc },
      k: 7,
      attempt: good["troop-attempt"],
    });
    expect(formatEncapsulation(sent.encapsulation)).toBe(good["troop-enc"]);
  });

  test.each([
    ["troop-enc", undefined],
    ["troop-enc", [good["troop-enc"]!, good["troop-enc"]!]],
    ["troop-enc", `${kid}.1.${enc}`],
    ["troop-enc", `${kid}.03.${enc}`],
    ["troop-enc", `${kid}.3.${enc}=`],
    ["troop-enc", `${kid}.3.${enc.slice(0, -1)}_`],
    ["troop-enc", `${kid}.3.${enc}.${enc}`],
    ["troop-enc", "x".repeat(100_000)],
    ["troop-index", "0"],
    ["troop-index", "257"],
    ["troop-index", "7 "],
    ["troop-index", "1e2"],
    ["troop-attempt", "AAAA"],
    ["troop-attempt", undefined],
  ])("%s: %j is refused", (name, value) => {
    expect(() => readSealedHeaders({ ...good, [name]: value })).toThrow(
      expect.objectContaining({ code: "invalid_value", param: name }),
    );
  });
});
