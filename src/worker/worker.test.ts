/** A worker from the outside: it enrols, beats, answers, and accounts for what it answered. */
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { eventsOf } from "../../test/support/fake-engine/infer-client.ts";
import { startTestWorker } from "../../test/support/fake-engine/test-worker.ts";
import { loadSigner } from "../host/key-file.ts";
import { openLocalDatabase } from "../host/local-database.ts";
import { createLog } from "../host/log.ts";
import { readWorkerConfig } from "./config.ts";
import { createJournal } from "./journal.ts";
import { startWorker } from "./worker.ts";
import { statusOnPort } from "./worker-status.ts";

test("a worker that nobody knows enrols, is listed with its models, and serves a paid request", async () => {
  await using network = await startTestWorker();
  const { coordinator, worker, clock } = network;
  expect(await coordinator.enrolments.next()).toMatchObject({ node: worker.nodeId });
  expect(await coordinator.beats.next()).toMatchObject({
    ...{ status: "IDLE", slots: { active: 0, total: 4 } },
    snapshot: { models: [{ name: "test-model" }], hosts: [] },
  });

  const ticket = await network.ticket();
  const reply = await network.ask({ ticket });
  expect(reply).toMatchObject({ status: 200, outerStatus: 200 });
  const words = eventsOf(reply.text).flatMap(({ choices }) =>
    (choices as { delta: { content?: string } }[]).map(({ delta }) => delta.content ?? ""),
  );
  expect(words.join("")).toBe("Hello world");
  expect(reply.line).toMatchObject({ k: 1, finish: "stop", prompt_tokens: 7 });

  expect(worker.pending()).toBe(1);
  await clock.advance(2_000);
  expect(await coordinator.lines.next()).toEqual({ hold: ticket.claims.jti, line: reply.line });
  await expect.poll(() => worker.pending()).toBe(0);
});

test("receipts wait while the coordinator is away, also through a restart", async () => {
  await using network = await startTestWorker();
  const { coordinator, clock } = network;
  coordinator.refuse("/receipts", { code: "ledger_unavailable" });
  const { line } = await network.ask({ ticket: await network.ticket() });
  await clock.advance(2_000);
  // Stopping delivers what it can; whichever attempt was refused, the next succeeds.
  await network.restart();
  network.worker.flush();
  expect((await coordinator.lines.next()).line).toEqual(line);
});

test("a request that was lost with its worker is accounted for by the next, at no cost", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  await network.restart(() => {
    using database = openLocalDatabase(network.dataFolder, "worker.sqlite");
    const journal = createJournal({ database, outbox: { add: () => undefined } });
    journal.begin(ticket.claims.jti, ticket.tree.reveal(7), network.clock.now());
  });
  network.worker.flush();
  expect(await network.coordinator.lines.next()).toMatchObject({
    hold: ticket.claims.jti,
    line: { k: 7, finish: "worker_error", cost: "0.000000" },
  });
  const same = network.coordinator.resealed(ticket);
  expect(await network.ask({ ticket: same, k: 7 })).toMatchObject({ code: "request_replayed" });
});

test("two workers do not share a data folder", async () => {
  await using network = await startTestWorker();
  const { coordinator, dataFolder, clock, engine } = network;
  const config = readWorkerConfig(
    {},
    {
      ...{ coordinatorUrl: coordinator.url, dataFolder },
      listen: { host: "127.0.0.1", port: 0 },
    },
  );
  const signer = await loadSigner(join(dataFolder, "node.json"), systemRandom);
  const parts = { clock, random: systemRandom, log: createLog("silent"), engines: [engine.engine] };
  await expect(
    startWorker(config, { ...parts, node: signer, owner: signer }),
  ).rejects.toMatchObject({ code: "data_folder_locked" });
});

test("without its coordinator a worker does not start, and leaves nothing behind", async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), "troop-worker-"));
  try {
    const signer = await loadSigner(join(dataFolder, "node.json"), systemRandom);
    const config = readWorkerConfig({}, { coordinatorUrl: "http://127.0.0.1:9", dataFolder });
    const parts = { clock: createFakeClock(), random: systemRandom, log: createLog("silent") };
    const start = () => startWorker(config, { ...parts, engines: [], node: signer, owner: signer });
    await expect(start()).rejects.toMatchObject({ code: "coordinator_unreachable" });
    // A lock that was left would make the second failure another one.
    await expect(start()).rejects.toMatchObject({ code: "coordinator_unreachable" });
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
});

test("health tells everybody, status those at the machine", async () => {
  await using network = await startTestWorker();
  const { worker } = network;
  const get = async (path: string) => (await fetch(worker.url + path)).json() as Promise<unknown>;
  expect(await get("/health")).toMatchObject({ status: "ok", service: "monkey-troop-worker" });
  expect(await get("/status")).toEqual(statusOnPort(worker.status()));
  expect(worker.engineOf("test-model")).toBe("openai");
  expect(await get("/nothing")).toMatchObject({ error: { code: "not_found" } });
  const wrong = await fetch(`${worker.url}/infer`);
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
});

test.each([
  ["127.0.0.1:80", 200],
  ["localhost:8080", 200],
  ["[::1]:8080", 200],
  ["evil.example:8080", 404],
  ["127.0.0.1.evil.example", 404],
  ["localhost.evil.example:80", 404],
])(
  "a page whose name was made to point here reads no status: Host %s gets %d",
  async (host, code) => {
    await using network = await startTestWorker();
    const asked = httpRequest(`${network.worker.url}/status`, { headers: { host }, agent: false });
    const [answer] = (await once(asked.end(), "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(code);
  },
);

test("which of the owner's programs run is not said on the port", async () => {
  await using network = await startTestWorker();
  const status = network.worker.status();
  const presence = { ...status.presence, detail: "blender runs" };
  expect(JSON.stringify(statusOnPort({ ...status, presence }))).not.toContain("blender");
});
