/** Any replica may answer any step: what decides is in the database, and so is the clock then. */
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import type { RowPlace } from "../../protocol/hardware-proof/opening.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";
import { askingNode, compute, createFineClock, proverOf, smallest } from "./proving.fixture.ts";

test("a challenge of one replica is answered at another, once", { timeout: 60_000 }, async () => {
  await using service = await createDatabase();
  const clock = createFineClock();
  const settings = { databaseUrl: service.url, publicUrl: "http://127.0.0.1:1", proofs: smallest };
  await using one = await openCoordinator(settings, clock);
  await using other = await openCoordinator(settings, clock);
  const prover = await askingNode(one, await makeSigner());
  const elsewhere = proverOf(other, prover.node);
  for (let number = 0; number < 3; number += 1) {
    const challenge = await prover.challenge();
    const { root, open } = await compute(challenge, prover.node.id);
    // That it has left is noted beside the answer.
    let rows: RowPlace[] = [];
    const commit = async () => {
      const { status, body } = await elsewhere.commit(challenge, root);
      if (status === 200) ({ rows } = body);
      return status;
    };
    await expect.poll(commit).toBe(200);
    expect((await prover.commit(challenge, root)).status).toBe(400);
    const { body } = await elsewhere.verify(challenge, await open(rows));
    expect(body).toMatchObject({ outcome: "passed" });
    expect(body.span_ms).toBeGreaterThan(0);
  }
  await prover.beat();
  // What a replica knows of a node is a minute old at most.
  clock.advance(60_000);
  const { body } = await other.call(prover.node, "GET", `/nodes/${prover.node.id}`);
  expect(body).toMatchObject({ provenance: "proven" });
});
