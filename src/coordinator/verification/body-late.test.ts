/** The clock runs to the body's last byte: headers that come early stop nothing. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";
import {
  askingNode,
  compute,
  createFineClock,
  fastMs,
  multiplierAt,
  smallest,
  someDevice,
} from "./proving.fixture.ts";

test("a commitment whose headers come early and whose body comes late took as long as its body", async () => {
  const clock = createFineClock();
  await using service = await createDatabase();
  const settings = { databaseUrl: service.url, proofs: smallest };
  await using network = await openCoordinator(settings, clock);
  const prover = await askingNode(network, await makeSigner());
  const { hostname, port } = new URL(network.coordinator.url);
  for (let number = 0; number < 3; number += 1) {
    const challenge = await prover.challenge();
    const { root, open } = await compute(challenge, prover.node.id);
    const body = JSON.stringify({ session: challenge.session, root, device: someDevice });
    const proof = await network.proof(prover.node, "POST", "/hardware/commit", body);
    const socket = connect(Number(port), hostname);
    const head = [
      "POST /hardware/commit HTTP/1.1",
      `host: ${hostname}`,
      "content-type: application/json",
      `content-length: ${body.length}`,
      `dpop: ${proof}`,
      "expect: 100-continue",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    // It has read the headers by then.
    await once(socket, "data");
    socket.write(body.slice(0, -1));
    clock.advance(8 * fastMs);
    socket.write(body.slice(-1));
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    const { rows } = JSON.parse(answer.toString().split("\r\n\r\n")[1]!);
    const verified = await prover.verify(challenge, await open(rows));
    expect(verified.body.span_ms).toBe(8 * fastMs);
  }
  expect((await prover.beat()).multiplier).toBe(multiplierAt(8 * fastMs));
});
