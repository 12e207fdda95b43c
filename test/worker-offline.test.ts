/** The coordinator goes away from a worker and comes back with older books: nothing that was served meanwhile is lost. */
import { join } from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { peersAnswer } from "../src/protocol/offers.ts";
import { callWorker } from "../src/worker/control/call-worker.ts";
import type { WorkReport } from "../src/worker/no-work/work-report.ts";
import { startNetwork } from "./network.ts";
import { gatedText } from "./support/fake-engine/script.ts";
import { createTamperedWay } from "./support/tampered-way.ts";

const paths = ["/heartbeat", "/receipts", "/nodes"];

test("a worker goes on while the coordinator is away; back again it enrols anew, and every receipt arrives", async () => {
  await using network = await startNetwork({ script: gatedText("Hello") });
  await using way = await createTamperedWay();
  const { clock, calls, engine, sidecar, databaseUrl, provider } = network;
  network.worker.pause();
  const { worker, node } = await network.addWorker(provider, { dispatcher: way.dispatcher });
  /** Takes a few seconds of the engine's time, which is what it costs. */
  const ask = async () => {
    const answer = fetch(`${sidecar.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hi" }] }),
    }).then((response) => response.text());
    await engine.requests.next();
    for (let gate = 0; gate < 2; gate += 1) {
      await clock.advance(1_000);
      engine.next();
    }
    expect(await answer).toContain("Hello");
  };
  const work = async () =>
    (await callWorker({
      ...{ folder: join(network.folder, `worker-${node.id}`), method: "GET", path: "/work" },
      clock: systemClock,
    })) as WorkReport;
  const isListed = async () => {
    const call = { method: "GET", path: "/peers", answer: peersAnswer, signer: provider } as const;
    return (await calls.call(call)).nodes.some(({ node_id }) => node_id === node.id);
  };
  await expect.poll(isListed).toBe(true);
  // With a ticket in hand, clients need no coordinator to ask.
  await ask();
  for (const path of paths) way.cut(path);
  await ask();
  await ask();

  // Long enough to be forgotten as a peer, and as a node by whoever remembers it beside the books.
  for (let step = 0; step < 14; step += 1) await clock.advance(5_000);
  await expect
    .poll(async () => (await work()).no_work?.code, { timeout: 10_000 })
    .toBe("coordinator_unreachable");
  expect(await isListed()).toBe(false);
  expect(worker.pending()).toBeGreaterThanOrEqual(2);
  const client = new pg.Client({ connectionString: databaseUrl! });
  await client.connect();
  await client.query("delete from node where id = $1", [node.id]);

  for (const path of paths) way.mend(path);
  const isBack = async () => {
    await clock.advance(2_000);
    worker.flush();
    return { listed: await isListed(), pending: worker.pending() };
  };
  await expect.poll(isBack, { timeout: 20_000 }).toEqual({ listed: true, pending: 0 });
  const { rows } = await client.query("select owner from node where id = $1", [node.id]);
  await client.end();
  expect(rows).toEqual([{ owner: provider.id }]);
  const { jobs, no_work } = await work();
  expect(no_work).toBeNull();
  expect(jobs).toHaveLength(3);
  for (const { receipt, paid, cost } of jobs) {
    expect(["settled", "vesting"]).toContain(receipt);
    expect(paid).toBe(cost);
    expect(Number(paid)).toBeGreaterThan(0);
  }
});
