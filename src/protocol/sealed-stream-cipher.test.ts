/** A sealed direction arrives whole and in order, or its reader is told; nothing else can look like an end. */
import fc from "fast-check";
import { createSecretKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import type { Frame } from "./frames.ts";
import { type HpkeSuite, hpkeSuites } from "./hpke.ts";
import { limits } from "./limits.ts";
import { createFrameOpener, createFrameSealer } from "./sealed-stream-cipher.ts";
import { frameOf, openTestSession, readAll, shown } from "./sealed-stream.fixture.ts";

const suites = Object.keys(hpkeSuites) as HpkeSuite[];
const session = openTestSession();
const bytesOf = fc.uint8Array({ maxLength: 1_500 });
const someFrames = fc.array(
  fc.record<Frame>({ type: fc.constantFrom("head", "body", "line"), bytes: bytesOf }),
  { minLength: 1, maxLength: 6 },
);

/** An answer of these frames: its wire, cut where its frames begin, and its reader. */
function answerOf(frames: readonly Frame[], { exchange } = session) {
  const { client, worker } = exchange();
  const sealer = worker.answer;
  const wire = frames.map((frame, index) => sealer.seal(frame, index === frames.length - 1));
  return { wire, opener: client.answer };
}

function cut(wire: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let offset = 0, turn = 0; offset < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(wire.subarray(offset, (offset += size)));
  }
  return pieces;
}

test.each(suites)("with %s both directions survive the wire however it cuts them", (suite) => {
  const { exchange } = openTestSession(suite);
  const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(someFrames, sizes, (frames, cuts) => {
      const { client, worker } = exchange();
      const { answer } = worker;
      for (const [sealer, opener] of [
        [client.request, worker.request],
        [answer, client.answer],
      ] as const) {
        const wire = Buffer.concat(
          frames.map((frame, index) => sealer.seal(frame, index === frames.length - 1)),
        );
        const read = readAll(opener, cut(wire, cuts));
        const sent = frames.map((frame, index) =>
          shown({ ...frame, isFinal: index === frames.length - 1, wireBytes: 0 }),
        );
        expect(read).toEqual({ frames: sent, ending: "whole" });
        expect(opener.wireHash()).toBe(sealer.wireHash());
      }
    }),
    { numRuns: 60 },
  );
});

test("byte by byte, a frame of the largest size arrives, each byte copied once", () => {
  const frame = { type: "body", bytes: systemRandom.bytes(limits.frameBytes) } as const;
  const { wire, opener } = answerOf([frame]);
  const read = readAll(opener, cut(Buffer.concat(wire), [1]));
  expect(read).toEqual({
    frames: [shown({ ...frame, isFinal: true, wireBytes: 0 })],
    ending: "whole",
  });
});

const hello = [
  frameOf("head", '{"status":200}'),
  frameOf("body", "a"),
  frameOf("body", "b"),
  frameOf("body", "c"),
  frameOf("line", "{}"),
];

test("any byte that is flipped, in whatever way, is detected", () => {
  const length = Buffer.concat(answerOf(hello).wire).length;
  fc.assert(
    fc.property(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const { wire, opener } = answerOf(hello);
      const bytes = Buffer.concat(wire);
      bytes[at]! ^= flip;
      expect(readAll(opener, [bytes]).ending).toBe("stream_truncated");
    }),
    { numRuns: 600 },
  );
});

const damages: Record<string, (wire: Uint8Array[], at: number) => Uint8Array[]> = {
  dropped: (wire, at) => wire.toSpliced(at, 1),
  repeated: (wire, at) => wire.toSpliced(at, 0, wire[at]!),
  "swapped with the next": (wire, at) =>
    at + 1 < wire.length ? wire.toSpliced(at, 2, wire[at + 1]!, wire[at]!) : [],
  "cut off, and all that follows": (wire, at) => wire.slice(0, at),
  "cut within, and nothing follows": (wire, at) => [
    ...wire.slice(0, at),
    wire[at]!.subarray(0, wire[at]!.length - 1),
  ],
  "taken from another answer": (wire, at) => wire.toSpliced(at, 1, answerOf(hello).wire[at]!),
  "marked as the last": (wire, at) => {
    const marked = Buffer.from(wire[at]!);
    marked[at === 0 ? 32 : 0]! ^= 0x80;
    return at === wire.length - 1 ? [] : [...wire.slice(0, at), marked];
  },
};

describe.each(Object.entries(damages))("a frame that is %s", (_name, damage) => {
  test.each(hello.map((_frame, index) => index))("at %i is no complete answer", (at) => {
    const { wire, opener } = answerOf(hello);
    const { frames, ending } = readAll(opener, damage(wire, at));
    expect(ending).toBe("stream_truncated");
    expect(frames.some(({ isFinal }) => isFinal && at < hello.length - 1)).toBe(false);
    // What did come through is the beginning of what was sent, or the whole with something behind it.
    const texts = hello.map(({ bytes }) => Buffer.from(bytes).toString());
    expect(frames.map(({ text }) => text)).toEqual(texts.slice(0, frames.length));
  });
});

test("nothing may follow the final frame, not even an empty one or half a header", () => {
  for (const more of [Buffer.alloc(1), Buffer.alloc(4), answerOf(hello).wire[1]!]) {
    const { wire, opener } = answerOf(hello);
    expect(readAll(opener, [...wire, more]).ending).toBe("stream_truncated");
    expect(() => opener.end()).toThrow();
  }
});

test("nor may a frame that is sealed as it should be: whoever marked the final one is held to it", () => {
  const key = { suite: "aes-256-gcm", key: createSecretKey(Buffer.alloc(32, 7)) } as const;
  const [ended, goesOn] = [createFrameSealer(key, "answer"), createFrameSealer(key, "answer")];
  const [first, second] = hello.map((frame) => goesOn.seal(frame));
  const parts = {
    direction: "answer",
    startBytes: 0,
    ...{ keyAfter: () => key, mostBytes: () => 1_000 },
    refusals: { tooLarge: "invalid_value", broken: "seal_broken", cut: "stream_truncated" },
  } as const;
  expect(readAll(createFrameOpener(parts), [first!, second!]).ending).toBe("stream_truncated");
  const final = ended.seal(hello[0]!, true);
  expect(readAll(createFrameOpener(parts), [final, second!]).ending).toBe("seal_broken");
});

test("after a refusal a reader goes on refusing, also what is genuine", () => {
  const { wire, opener } = answerOf(hello);
  opener.push(wire[0]!);
  const spoilt = Buffer.from(wire[1]!);
  spoilt[40]! ^= 1;
  for (const bytes of [spoilt, ...wire.slice(2)]) expect(() => opener.push(bytes)).toThrow();
  expect(() => opener.end()).toThrow();
});

test("a sealer refuses to go on behind the final frame", () => {
  const sealer = session.exchange().worker.answer;
  sealer.seal(hello[0]!, true);
  expect(() => sealer.seal(hello[1]!)).toThrow("nothing follows");
});

test("a frame that claims too much is refused by its header alone", () => {
  const header = (length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  };
  const sizes = [0x7fff_ffff, 0xffff_ffff, 70_000];
  for (const size of sizes) {
    const { client, worker } = session.exchange();
    expect(readAll(worker.request, [header(size)]).ending).toBe("request_too_large");
    expect(readAll(client.answer, [Buffer.alloc(32), header(size)]).ending).toBe(
      "stream_truncated",
    );
  }
  // Before anything is proven, only a head's worth of memory is given.
  expect(readAll(session.exchange().worker.request, [header(13_000)]).ending).toBe(
    "request_too_large",
  );
});

test("an answer's hash leaves out the final frame, which holds the line that states it", () => {
  const { client, worker } = session.exchange();
  const sealer = worker.answer;
  const body = [sealer.seal(hello[0]!), sealer.seal(hello[1]!)];
  const stated = sealer.wireHash();
  const line = sealer.seal(hello[4]!, true);
  for (const bytes of [...body, line]) client.answer.push(bytes);
  expect(client.answer.wireHash()).toBe(stated);

  const head = client.request.seal(hello[0]!);
  const before = client.request.wireHash();
  const last = client.request.seal(hello[1]!, true);
  expect(client.request.wireHash()).not.toBe(before);
  expect(readAll(worker.request, [head, last]).ending).toBe("whole");
  expect(worker.request.wireHash()).toBe(client.request.wireHash());
});
