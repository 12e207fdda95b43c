/** Whoever is refused a worker's connection does not keep a socket of the relay's. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test, vi } from "vitest";
import { startRelayFixture } from "./relay.fixture.ts";

test("one that was refused and never hangs up is hung up on", async () => {
  await using relay = await startRelayFixture();
  const { port } = new URL(relay.url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  let failure: Error | undefined;
  socket.on("error", (error) => (failure = error));
  socket.write(
    "GET /relay HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\nupgrade: troop-relay\r\n\r\n",
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(String(answer)).toContain("missing_proof");
  await once(socket, "end");
  // What it still sends is nobody's.
  socket.write("x".repeat(1_000));
  await relay.clock.advance(2_000);
  await vi.waitFor(() => {
    socket.write("x");
    expect(failure).toBeDefined();
  });
  socket.destroy();
});

test("strangers of a network cannot shut out who has a ticket there", async () => {
  const { createSourceBuckets } = await import("./source-buckets.ts");
  const { createFakeClock } = await import("../../test/support/fake-clock.ts");
  const { limits } = await import("../protocol/limits.ts");
  const buckets = createSourceBuckets(createFakeClock());
  for (let call = 0; call < 3 * limits.relayPrefixCallsAtOnce; call += 1) {
    buckets.charge("8.8.8.8");
    buckets.giveBack("8.8.8.8");
  }
  for (let call = 0; call < limits.relayPrefixCallsAtOnce; call += 1) buckets.charge("8.8.8.8");
  buckets.giveBack("9.9.9.9");
  expect(() => buckets.charge("8.8.8.8")).toThrow();
});
