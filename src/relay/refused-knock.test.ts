/** Whoever is refused a worker's connection does not keep a socket of the relay's. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
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
  const write = () => {
    socket.write("x");
    return failure;
  };
  await expect.poll(write).toBeDefined();
  socket.destroy();
});
