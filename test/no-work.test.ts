/** Each reason for which a worker has no work, made by what makes it: the coordinator, the engines, the owner, the others. */
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { demandAnswer } from "../src/protocol/offers.ts";
import { limits } from "../src/protocol/limits.ts";
import { callWorker } from "../src/worker/control/call-worker.ts";
import { readOwnerSettings } from "../src/worker/idle/config.ts";
import type { Senses } from "../src/worker/idle/senses.ts";
import type { WhyCode } from "../src/worker/no-work/why-no-work.ts";
import type { WorkReport } from "../src/worker/no-work/work-report.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import { startEndlessProver } from "./support/endless-prover.ts";
import { startFakeEngine } from "./support/fake-engine/fake-engine.ts";
import { plainText } from "./support/fake-engine/script.ts";
import { createTamperedWay, type TamperedWay } from "./support/tampered-way.ts";

let network: Network;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  network = stack.use(await startNetwork({ script: plainText("Hello") }));
}, 60_000);
afterAll(() => stack.disposeAsync(), 60_000);

/** What the owner would be shown. */
const workOf = async (node: string): Promise<WorkReport> =>
  (await callWorker({
    ...{ folder: join(network.folder, `worker-${node}`), method: "GET", path: "/work" },
    clock: systemClock,
  })) as WorkReport;

const codeOf = async (node: string) => (await workOf(node))?.no_work?.code ?? null;

/** Lets time pass until the worker says so. */
async function untilCode(node: string, code: WhyCode, stepMs = 2_000) {
  await expect
    .poll(async () => {
      await network.clock.advance(stepMs);
      return codeOf(node);
    }, patience)
    .toBe(code);
}
const patience = { timeout: 20_000 };

type Own = Parameters<Network["addWorker"]>[1];
const add = async (own?: Own) => network.addWorker(await makeSigner(), own);

async function addOn(tamper?: (way: TamperedWay) => void) {
  const way = stack.use(await createTamperedWay());
  tamper?.(way);
  const lender = await add({ dispatcher: way.dispatcher });
  return { ...lender, way };
}

/** Resolves once the coordinator has noted what was asked for. */
async function ask(model: string): Promise<number> {
  const { status } = await fetch(`${network.sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }] }),
  });
  const call = { method: "GET", path: "/demand", answer: demandAnswer } as const;
  const noted = async () =>
    (await network.calls.call({ ...call, signer: network.provider })).models.map(
      (wanted) => wanted.model,
    );
  await expect.poll(noted, patience).toContain(model);
  return status;
}

const sensing = (battery: () => boolean, device: () => { load: number; temperature: number }) =>
  ({
    instrument: {
      read: async () => ({ source: "nvidia", devices: [device()], lingersMs: 0 }),
    },
    onBattery: async () => battery(),
    listPrograms: async () => [],
  }) satisfies Senses;

/** Each says what it is about, and makes it so. */
const stories: Record<WhyCode, () => Promise<void>> = {
  async nobody_asks() {
    expect(await codeOf(network.node.id)).toBe("nobody_asks");
    expect(await ask("nobody-has:70b")).toBe(404);
    await network.clock.advance(60_000);
    expect(await workOf(network.node.id)).toMatchObject({
      no_work: { code: "nobody_asks" },
      unserved: [{ model: "nobody-has:70b", requesters: 1, command: "ollama pull nobody-has:70b" }],
    });
  },

  async others_preferred() {
    const second = await add();
    const nodes = [network.node.id, second.node.id];
    expect(await ask("test-model")).toBe(200);
    await network.clock.advance(60_000);
    const codes = await Promise.all(nodes.map(codeOf));
    expect(new Set(codes)).toEqual(new Set([null, "others_preferred"]));
  },

  async lent_to_few() {
    const { node } = await add({ config: { guests: { ...anyGuests, lendTo: "own" } } });
    expect(await codeOf(node.id)).toBe("lent_to_few");
  },

  async paused() {
    const { worker, node } = await add();
    worker.pause();
    expect(await codeOf(node.id)).toBe("paused");
    worker.resume();
    expect(await codeOf(node.id)).not.toBe("paused");
  },

  async proving() {
    await untilCode((await add({ startProver: startEndlessProver })).node.id, "proving");
  },

  async draining() {
    const { worker, node } = await add();
    worker.finish();
    expect(await codeOf(node.id)).toBe("draining");
  },

  async starting() {
    const way = stack.use(await createTamperedWay());
    const goOn = way.hold("/heartbeat");
    const node = await makeSigner();
    const started = add({ dispatcher: way.dispatcher, node });
    await expect.poll(() => codeOf(node.id), patience).toBe("starting");
    goOn();
    await started;
    expect(await codeOf(node.id)).not.toBe("starting");
  },

  async coordinator_unreachable() {
    const { way, node } = await addOn();
    way.cut("/heartbeat");
    await untilCode(node.id, "coordinator_unreachable");
    expect((await workOf(node.id)).no_work?.cause).toContain("it last did at 2026-01-01T00:");
  },

  async upgrade_required() {
    const { way, node } = await addOn();
    way.refuse("/heartbeat", "upgrade_required");
    await untilCode(node.id, "upgrade_required");
  },

  async unreachable() {
    // From this machine every address is one that can be listed: its coordinator's answer is brought from elsewhere.
    const { way, node } = await addOn();
    way.refuse("/heartbeat", "invalid_address");
    await untilCode(node.id, "unreachable");
  },

  async not_enrolled() {
    const { node } = await add();
    // The coordinator's books are older than this node, and its owner has as many as they may meanwhile.
    const client = new pg.Client({ connectionString: network.databaseUrl! });
    await client.connect();
    await client.query(
      `insert into node (id, owner, jwk, multiplier, enrolled_ms)
       select id || number, owner, jwk, multiplier, 0 from node, generate_series(1, $2) number where id = $1`,
      [node.id, limits.nodesPerAccount],
    );
    await client.query("delete from node where id = $1", [node.id]);
    await client.end();
    await untilCode(node.id, "not_enrolled", 10_000);
    expect((await workOf(node.id)).no_work?.cause).toContain("node_limit");
  },

  async outside_schedule() {
    const idle = readOwnerSettings({ OWNER_SCHEDULE: "daily here" });
    const senses = sensing(
      () => false,
      () => ({ load: 0, temperature: 40 }),
    );
    const { node } = await add({ config: { idle }, senses });
    await untilCode(node.id, "outside_schedule");
  },

  async on_battery() {
    const senses = sensing(
      () => true,
      () => ({ load: 0, temperature: 40 }),
    );
    const { node } = await add({ senses });
    await untilCode(node.id, "on_battery");
  },

  async too_hot() {
    const idle = readOwnerSettings({ OWNER_TEMPERATURE_CAP: "80" });
    const senses = sensing(
      () => false,
      () => ({ load: 0, temperature: 81 }),
    );
    const { node } = await add({ config: { idle }, senses });
    await untilCode(node.id, "too_hot");
    expect((await workOf(node.id)).no_work?.cause).toContain("81 °C");
  },

  async owner_present() {
    let load = 0;
    const senses = sensing(
      () => false,
      () => ({ load, temperature: 40 }),
    );
    const { node } = await add({ senses });
    load = 90;
    await untilCode(node.id, "owner_present");
    expect((await workOf(node.id)).no_work?.cause).toContain("90 %");
  },

  async no_engine() {
    const { node } = await add({ engines: [] });
    expect(await codeOf(node.id)).toBe("no_engine");
  },

  async engine_down() {
    const engine = stack.use(await startFakeEngine({ type: "ollama" }));
    const { node } = await add({ engines: [engine.engine], config: { modelRefreshMs: 5_000 } });
    engine.offer(undefined);
    await untilCode(node.id, "engine_down");
    expect((await workOf(node.id)).no_work?.cause).toContain("ollama");
  },

  async no_models() {
    const large = { name: "large", capabilities: [], loaded: false, size_bytes: 2 ** 40 };
    const engine = stack.use(await startFakeEngine({ models: [large] }));
    const idle = readOwnerSettings({ OWNER_VRAM_GIB: "12" });
    const { node } = await add({ engines: [engine.engine], config: { idle } });
    expect((await workOf(node.id)).no_work).toMatchObject({
      code: "no_models",
      cause: expect.stringContaining("1 larger than OWNER_VRAM_GIB allows") as string,
    });
  },

  async demand_unknown() {
    const { node } = await addOn((way) => way.cut("/demand"));
    expect(await workOf(node.id)).toMatchObject({
      no_work: { code: "demand_unknown" },
      unserved: null,
    });
  },
};

const anyGuests = { streamsMost: undefined, dailyMost: undefined };

// In this order: at first only one node offers what is asked for.
test.each(Object.entries(stories))("%s", { timeout: 30_000 }, (_, story) => story());
