/** A network that asks its nodes for their memory, and what they offer with it: models of a few MiB. */
import type { z } from "zod";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { peersAnswer } from "../../src/protocol/offers.ts";
import { nodeAnswer } from "../../src/protocol/hardware-proof/wire.ts";
import { createStartProver, type StartProver } from "../../src/worker/proof/start-prover.ts";
import { makeSigner, type Network, startNetwork } from "../network.ts";
import { startFakeEngine, testModel } from "./fake-engine/fake-engine.ts";

export const mebibyte = 2 ** 20;

/** Real processes, that compute on the processor. */
export const startReal = createStartProver({
  ...{ environment: process.env, clock: systemClock, random: systemRandom },
});

export interface MemoryNetwork extends AsyncDisposable {
  network: Network;
  addWorker(startProver: StartProver): ReturnType<Network["addWorker"]>;
  /** What a node is known for. */
  known(node: string): Promise<z.infer<typeof nodeAnswer>>;
  /** What of its models may be asked for; undefined: it is not listed. */
  offered(node: string): Promise<string[] | undefined>;
}

/** @param models the size of each that every node has, in bytes */
export async function startMemoryNetwork(
  models: Readonly<Record<string, number>>,
): Promise<MemoryNetwork> {
  // Time stands still here but where it is moved, so that every walk is done in no time.
  const memory = { first: 1, largest: 2, firstPasses: 16, targetMs: 0.001 };
  const network = await startNetwork({ proofs: { targetMs: 0.001, largest: 256, memory } });
  const engine = await startFakeEngine({
    models: Object.entries(models).map(([name, size]) => ({
      ...testModel(name),
      size_bytes: size,
    })),
    type: "ollama",
  });
  const read = { method: "GET", signer: network.requester } as const;
  return {
    network,
    addWorker: async (startProver) =>
      network.addWorker(await makeSigner(), {
        ...{ engines: [engine.engine], startProver, config: { provers: ["wasm"] } },
      }),
    known: (node) => network.calls.call({ ...read, path: `/nodes/${node}`, answer: nodeAnswer }),
    async offered(node) {
      const { nodes } = await network.calls.call({ ...read, path: "/peers", answer: peersAnswer });
      return nodes.find(({ node_id }) => node_id === node)?.models.map(({ name }) => name);
    },
    async [Symbol.asyncDispose]() {
      await network[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}
