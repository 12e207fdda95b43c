/** What a network may ask of a relay before anybody looks at what it asks. */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { systemRandom } from "../base/random.ts";
import type { Source } from "../host/client-address.ts";
import { listen, urlOf } from "../host/listen.ts";
import { createLog } from "../host/log.ts";
import { limits } from "../protocol/limits.ts";
import { type Verifier, verifier } from "../protocol/signature.ts";
import { answerTo, createNodeSigner, knock, postThrough, proofFor } from "./relay.fixture.ts";
import { createRelay } from "./relay.ts";
import { createSourceBuckets } from "./source-buckets.ts";

const tooMany = expect.objectContaining({ code: "rate_limit_exceeded" });

const from = (address: string | undefined): Source => ({ address, isVeiled: false });

test("a network may ask so much in any minute, however it is spread", async () => {
  const clock = createFakeClock();
  const refused: unknown[] = [];
  const buckets = createSourceBuckets({
    ...{ clock, callsPerMinute: 4 },
    onRefused: (source, limit) => refused.push([source.address, limit]),
  });
  await clock.advance(3_600_000);
  // Neighbours share a bucket, and a long pause makes it no larger.
  for (const host of [1, 2]) buckets.charge(from(`8.8.8.${host}`));
  await clock.advance(59_000);
  for (const host of [3, 4]) buckets.charge(from(`8.8.8.${host}`));
  expect(() => buckets.charge(from("8.8.8.9"))).toThrow(
    expect.objectContaining({ retryAfterMs: 1_000, details: { limit: 4, window_seconds: 60 } }),
  );
  expect(() => buckets.charge(from("8.8.8.9"))).toThrow(tooMany);
  expect(() => buckets.charge(from("8.8.9.9"))).not.toThrow();
  await clock.advance(1_000);
  for (const host of [5, 6]) buckets.charge(from(`8.8.8.${host}`));
  expect(() => buckets.charge(from("8.8.8.9"))).toThrow(tooMany);
  expect(refused).toEqual([["8.8.8.9", 4]]);
});

test("an IPv6 customer has one bucket, and whoever is not of the world has none", () => {
  const buckets = createSourceBuckets({ clock: createFakeClock() });
  for (let call = 0; call < limits.prefixCallsPerMinute; call += 1) {
    buckets.charge(from(`2606:4700::${call.toString(16)}`));
    buckets.charge(from("127.0.0.1"));
    buckets.charge(from("10.0.0.1"));
  }
  expect(() => buckets.charge(from("2606:4700::ffff:1"))).toThrow(tooMany);
  // Who hangs up at once does not get its signatures checked for nothing.
  expect(() => buckets.charge(from(undefined))).toThrow(tooMany);
  expect(() => buckets.charge(from("127.0.0.1"))).not.toThrow();
  expect(() => buckets.charge(from("10.0.0.1"))).not.toThrow();
});

test("who comes through a proxy that nobody vouches for is one of many there", () => {
  const buckets = createSourceBuckets({ clock: createFakeClock(), callsPerMinute: 1 });
  const veiled = { address: "127.0.0.1", isVeiled: true };
  buckets.charge(veiled);
  expect(() => buckets.charge(veiled)).toThrow(tooMany);
  expect(() => buckets.charge(from("127.0.0.1"))).not.toThrow();
});

/** A relay whose callers all seem to come from the world. */
async function startPublicRelay(checks: Verifier) {
  const clock = createFakeClock();
  let url = "";
  const relay = createRelay({
    ...{ clock, random: systemRandom, log: createLog("silent"), now: clock.now },
    ...{ verifier: checks, issuer: () => url, keys: () => undefined, url: () => url },
    limits: { nodes: 10, streams: 10, prefixBytes: 1 },
  });
  const server = createServer((request, response) => {
    const [, , node = ""] = request.url!.split("/");
    void relay.infer(request, response, node);
  });
  server.on("connection", (socket) =>
    Object.defineProperty(socket, "remoteAddress", { value: "8.8.8.8" }),
  );
  server.on("upgrade", (request, socket, head) => {
    void relay.upgrade(request, socket as Socket, head);
  });
  url = urlOf(await listen(server, { host: "127.0.0.1", port: 0 }));
  return {
    ...{ clock, url },
    [Symbol.dispose]() {
      relay[Symbol.dispose]();
      server.close().closeAllConnections();
    },
  };
}

test("a network that asked too much is refused before its ticket or proof is looked at", async () => {
  let verified = 0;
  const counting: Verifier = {
    ...verifier,
    verify: (...call) => {
      verified += 1;
      return verifier.verify(...call);
    },
  };
  using relay = await startPublicRelay(counting);
  const node = await createNodeSigner();
  const dpop = await proofFor(node, relay.url, relay.clock.now());
  using first = knock(relay.url, { upgrade: "troop-relay", dpop });
  expect(await first.answer).toMatch(/^HTTP\/1\.1 101 /);
  expect(verified).toBe(1);

  const post = () => answerTo(postThrough(relay.url, node.id, "a.b.c").end());
  for (let call = 1; call < limits.prefixCallsPerMinute; call += 1) await text(await post());
  const refused = await post();
  expect(refused.statusCode).toBe(429);
  expect(refused.headers["retry-after"]).toBe("60");
  expect(refused.headers["x-ratelimit-limit"]).toBe("600");
  expect(await text(refused)).toMatch(/rate_limit_exceeded/);
  using again = knock(relay.url, { upgrade: "troop-relay", dpop });
  expect(await again.answer).toMatch(/^HTTP\/1\.1 429 [^]*rate_limit_exceeded/);
  expect(verified).toBe(1);
});

test("strangers of a network cannot shut out who has a ticket there", () => {
  const buckets = createSourceBuckets({ clock: createFakeClock() });
  for (let call = 0; call < 3 * limits.prefixCallsPerMinute; call += 1) {
    buckets.charge(from("8.8.8.8"));
    buckets.giveBack(from("8.8.8.8"));
  }
  for (let call = 0; call < limits.prefixCallsPerMinute; call += 1) buckets.charge(from("8.8.8.8"));
  buckets.giveBack(from("9.9.9.9"));
  expect(() => buckets.charge(from("8.8.8.8"))).toThrow();
});
