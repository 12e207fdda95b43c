/** What bodies may take of memory: each caller a share, and strangers nothing from those who are known. */
import { expect, test } from "vitest";
import { limits } from "../../protocol/limits.ts";
import { createBodiesInFlight } from "./bodies-in-flight.ts";

const stranger = (key: string | undefined) => ({ isKnown: false, key });
const known = (key: string) => ({ isKnown: true, key });
const refused = { code: "rate_limit_exceeded", retryAfterMs: 5_000 };
const share = limits.callerBytesInFlight;

test("one network, or one known caller, has its share and no more, and has it back", () => {
  const bodies = createBodiesInFlight();
  for (const holder of [stranger("203.0.113.0/24"), known("a node")]) {
    bodies.hold(holder, share);
    expect(() => bodies.hold(holder, 1)).toThrow(expect.objectContaining(refused));
    bodies.release(holder, share);
    bodies.hold(holder, 1);
  }
});

test("strangers together take nothing from those who are known", () => {
  const bodies = createBodiesInFlight();
  const networks = Array.from(
    { length: limits.strangersBytesInFlight / share },
    (_, index) => `network ${index}`,
  );
  for (const network of networks) bodies.hold(stranger(network), share);
  for (const holder of [stranger("another"), stranger(undefined)])
    expect(() => bodies.hold(holder, 1)).toThrow(expect.objectContaining(refused));
  bodies.hold(known("a node"), share);
  bodies.release(stranger("network 0"), share);
  bodies.hold(stranger(undefined), share);
});
