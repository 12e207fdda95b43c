/** A walk through memory: when it is told, who may answer it, once, in time; and what it changes for the node. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { countedWork } from "../../../test/hardware-proof/counted-work.ts";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { itemsPerSegment, type MemoryTask } from "../../protocol/hardware-proof/memory.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import {
  computeWalk,
  gigabytesPerSecond,
  honestMs,
  nextDataset,
  nextWalk,
  taskOf,
  walkOnce,
  withMemory,
  worthAt,
} from "./memory.fixture.ts";
import { unshownMost } from "./multiplier.ts";
import { askingNode, createFineClock, type Prover, proverOf } from "./proving.fixture.ts";

const mebibyte = 2 ** 20;
const refusal = (code: string) => ({ body: { error: { code } } });

let service: TestService;
let network: TestCoordinator;
let owner: Signer;
let prover: Prover;
beforeAll(async () => {
  service = await createDatabase();
  network = await openCoordinator(
    { databaseUrl: service.url, proofs: withMemory },
    createFineClock(),
  );
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});
/** A node of which only the memory is still to be measured. */
beforeEach(async () => {
  owner = await makeSigner();
  prover = await askingNode(network, owner);
  for (let number = 0; number < 3; number += 1) await prover.session();
});

const standing = async () => (await network.call(owner, "GET", `/nodes/${prover.node.id}`)).body;
const ended = async () => expect(await prover.beat()).not.toHaveProperty("challenge");

/** The dataset that is asked for is not held, as often as it is asked for. */
async function decline(): Promise<void> {
  for (let tries = 0; tries < 2; tries += 1) await prover.giveUp(await nextDataset(prover));
}

describe("a node that shows its memory", { timeout: 60_000 }, () => {
  test("counts as fast as it reads, whatever its arithmetic would count for", async () => {
    for (const segments of [1, 2]) {
      const { body } = await walkOnce(network, prover, (task) => {
        expect(task.segments).toBe(segments);
        return honestMs(task);
      });
      expect(body.outcome).toBe("passed");
    }
    // A hundred times as much arithmetic as is counted with these gigabytes: as tensor cores do.
    expect((await prover.beat()).multiplier).toBe(worthAt(gigabytesPerSecond));
    expect(await standing()).toMatchObject({
      ...{ provenance: "proven", memory_bytes: 2 * mebibyte },
    });
  });

  test("is timed from being told how to walk, however long it fills", async () => {
    const dataset = await nextDataset(prover);
    network.clock.advance(20_000);
    const task = taskOf(dataset, await nextWalk(prover, dataset));
    const { root, open } = await computeWalk(dataset.session, task, prover.node.id);
    network.clock.advance(8);
    const { body } = await prover.commit(dataset, root);
    expect((await prover.verify(dataset, open(body.lanes))).body.span_ms).toBeCloseTo(8, 6);
  });

  test("may offer what fits into it, and nothing larger", async () => {
    const { snapshot } = beatOf();
    const named = (name: string, size_bytes: number) => ({
      ...snapshot!.models[0]!,
      ...{ name, size_bytes },
    });
    const [small, large] = [`small-${prover.node.id}`, `large-${prover.node.id}`];
    const models = [named(small, 2 * mebibyte), named(large, 2 * mebibyte + 1)];
    const list = async () => {
      await prover.beat({ status: "IDLE", snapshot: { ...snapshot!, models } });
      const { nodes } = (await network.call(owner, "GET", "/peers")).body;
      const mine = nodes.find(({ node_id }: { node_id: string }) => node_id === prover.node.id);
      return mine.models.map(({ name }: { name: string }) => name);
    };
    expect(await list()).toEqual([small, large]);
    for (const _ of [1, 2]) await walkOnce(network, prover);
    await prover.beat();
    expect(await list()).toEqual([small]);
    const requester = await makeSigner();
    const ask = (model: string) =>
      network.call(requester, "POST", "/authorize", {
        ...{ id: crypto.randomUUID(), model, anchor: Buffer.alloc(32, 1).toString("base64url") },
      });
    expect((await ask(small)).status).toBe(200);
    expect(await ask(large)).toMatchObject(refusal("model_not_found"));
  });

  test("that holds half of a dataset has shown what it held", async () => {
    // As fast as it does its work, and as fast as any other where it holds all.
    const speed = (task: MemoryTask) => countedWork(task, itemsPerSegment) / honestMs(task);
    let perMs = 0;
    const tookMs = (task: MemoryTask) => {
      if (task.segments === 1) perMs = speed(task);
      return countedWork(task, itemsPerSegment) / perMs;
    };
    for (const segments of [1, 2, 2]) {
      const { body } = await walkOnce(network, prover, (task) => {
        expect(task.segments).toBe(segments);
        const took = tookMs(task);
        if (segments === 2) expect(took).toBeGreaterThan(2 * honestMs(task));
        return took;
      });
      // It is right: what it shows is how long that takes without the memory.
      expect(body).toMatchObject({ outcome: "passed" });
    }
    // By half and by a quarter there is nothing between one and two.
    expect((await prover.beat()).multiplier).toBe(worthAt(gigabytesPerSecond));
    expect(await standing()).toMatchObject({ memory_bytes: mebibyte });
  });
});

describe("a node that shows none", { timeout: 60_000 }, () => {
  test("counts as an ordinary processor at most, and offers what it likes", async () => {
    await decline();
    expect((await prover.beat()).multiplier).toBe(worthAt(unshownMost));
    expect(await standing()).toMatchObject({ provenance: "proven", memory_bytes: null });
  });

  test("because it came too late, twice, is not worse off", async () => {
    for (let tries = 0; tries < 2; tries += 1) {
      const dataset = await nextDataset(prover);
      const task = taskOf(dataset, await nextWalk(prover, dataset));
      const { root } = await computeWalk(dataset.session, task, prover.node.id);
      network.clock.advance(15_001);
      expect(await prover.commit(dataset, root)).toMatchObject(refusal("challenge_invalid"));
    }
    expect((await prover.beat()).multiplier).toBe(worthAt(unshownMost));
  });

  test("because it never says that it holds the dataset, is not waited for", async () => {
    for (let tries = 0; tries < 2; tries += 1) {
      await nextDataset(prover);
      expect((await prover.beat()).challenge).toEqual({ kind: "stand_by" });
      network.clock.advance(30_000);
    }
    await ended();
    expect(await standing()).toMatchObject({ provenance: "proven", memory_bytes: null });
  });

  test("has what it showed within the last month", async () => {
    for (const _ of [1, 2]) await walkOnce(network, prover);
    await ended();
    const again = async (days: number) => {
      network.clock.advance(days * 24 * 3_600_000);
      await prover.beat({ status: "IDLE" });
      for (let number = 0; number < 3; number += 1) await prover.session();
      await decline();
      await ended();
      return (await standing()).memory_bytes;
    };
    expect(await again(3)).toBe(2 * mebibyte);
    expect(await again(28)).toBe(null);
  });

  test("nor its arithmetic, a month after it showed some, counts as having none", async () => {
    for (const _ of [1, 2]) await walkOnce(network, prover);
    await ended();
    network.clock.advance(31 * 24 * 3_600_000);
    for (const _ of [1, 2]) await prover.giveUp(await prover.challenge());
    expect(await standing()).toMatchObject({ provenance: "proven", memory_bytes: 0 });
  });
});

describe("a walk", { timeout: 60_000 }, () => {
  test("is told once, to who says that it holds that very dataset", async () => {
    const dataset = await nextDataset(prover);
    const { root } = await computeWalk(
      dataset.session,
      taskOf(dataset, { ...dataset, kind: "walk", walk_seed: dataset.seed, passes: 16 }),
      prover.node.id,
    );
    expect((await prover.beat()).challenge).toEqual({ kind: "stand_by" });
    const other = { filled: crypto.randomUUID() };
    expect((await prover.beat(other)).challenge).toEqual({ kind: "stand_by" });
    // Nobody knows the walk yet.
    expect(await prover.commit(dataset, root)).toMatchObject(refusal("challenge_invalid"));
    await nextWalk(prover, dataset);
    const again = await prover.beat({ filled: dataset.session });
    expect(again.challenge).toEqual({ kind: "stand_by" });
  });

  test("is answered by its node alone, once, and with lanes", async () => {
    const dataset = await nextDataset(prover);
    const task = taskOf(dataset, await nextWalk(prover, dataset));
    const { root, open } = await computeWalk(dataset.session, task, prover.node.id);
    const other = proverOf(network, await network.serve(await makeSigner()));
    expect(await other.commit(dataset, root)).toMatchObject({ status: 403 });
    network.clock.advance(honestMs(task));
    const { body } = await prover.commit(dataset, root);
    expect(body.lanes).toHaveLength(16);
    expect(await prover.commit(dataset, root)).toMatchObject(refusal("challenge_invalid"));
    const opening = open(body.lanes);
    expect(await other.verify(dataset, opening)).toMatchObject({ status: 403 });
    const rows = { layer_roots: "", rows: [{ values: "", path: "" }] };
    expect(await prover.verify(dataset, rows)).toMatchObject(refusal("challenge_invalid"));
    expect((await prover.verify(dataset, opening)).body).toMatchObject({ outcome: "passed" });
    expect(await prover.verify(dataset, opening)).toMatchObject(refusal("challenge_invalid"));
  });

  test("that another node computed, or that was not walked, is found wrong", async () => {
    const dataset = await nextDataset(prover);
    const task = taskOf(dataset, await nextWalk(prover, dataset));
    const { root, open } = await computeWalk(dataset.session, task, "another-node");
    const { body } = await prover.commit(dataset, root);
    const verdict = await prover.verify(dataset, open(body.lanes));
    expect(verdict.body).toMatchObject({ outcome: "wrong" });
    expect(await standing()).toMatchObject({ provenance: "refuted", memory_bytes: null });
  });

  test("that is given up once its lanes are known fails the trial", async () => {
    const dataset = await nextDataset(prover);
    const task = taskOf(dataset, await nextWalk(prover, dataset));
    const { root } = await computeWalk(dataset.session, task, prover.node.id);
    await prover.commit(dataset, root);
    await prover.giveUp(dataset);
    await ended();
    expect(await standing()).toMatchObject({ provenance: "unproven" });
  });
});
