/** A whole network in this process: coordinator, worker and client on free loopback ports, lender and borrower apart. */
import { join } from "node:path";
import { readSidecarConfig } from "../../client/config.ts";
import { type Sidecar, startSidecar } from "../../client/sidecar.ts";
import { readCoordinatorConfig } from "../../coordinator/config.ts";
import { type Coordinator, startCoordinator } from "../../coordinator/coordinator.ts";
import { ensureFolder } from "../../host/folders.ts";
import { loadSigner } from "../../host/key-file.ts";
import type { ListenAddress } from "../../host/listen.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { RampSettings } from "../../coordinator/verification/ramp.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import type { Engine } from "../../worker/engines/engine.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import type { CommandContext } from "../context.ts";
import { startProverHere } from "../prover.ts";
import { waitUntilProven } from "./proven.ts";

export interface DemoNetwork extends AsyncDisposable {
  coordinator: Coordinator;
  worker: Worker;
  sidecar: Sidecar;
  requester: Signer;
  provider: Signer;
}

const anyPort: ListenAddress = { host: "127.0.0.1", port: 0 };
/** Nobody cheats themselves, and nobody wants to wait: how a proof goes can be seen from small ones. */
const quickProofs: RampSettings = { targetMs: 30, largest: 512 };

export async function startDemoNetwork(
  context: CommandContext,
  folder: string,
  engines: Engine[],
  listen: ListenAddress = anyPort,
): Promise<DemoNetwork> {
  const within = (name: string) => ensureFolder(join(folder, name));
  const key = (name: string) =>
    loadSigner(join(ensureFolder(folder), `${name}.key.json`), context.random);
  const [requester, provider, node] = [
    await key("requester"),
    await key("provider"),
    await key("node"),
  ];

  await using stack = new AsyncDisposableStack();
  // The demo is a network of its own: settings of a real one in the environment do not reach it.
  const coordinator = stack.use(
    await startCoordinator(
      readCoordinatorConfig(
        { OPERATOR_LISTEN: "off" },
        { dataFolder: within("coordinator"), listen: anyPort, proofs: quickProofs },
      ),
      context,
    ),
  );
  const coordinatorUrl = coordinator.url;
  const worker = stack.use(
    await startWorker(
      readWorkerConfig({}, { coordinatorUrl, dataFolder: within("worker"), listen: anyPort }),
      {
        ...{ ...context, engines, node, owner: provider },
        startProver: startProverHere(context),
      },
    ),
  );
  const sidecar = stack.use(
    await startSidecar(
      readSidecarConfig({}, { coordinatorUrl, dataFolder: within("client"), listen }),
      { ...context, account: requester },
    ),
  );
  await waitUntilProven(context, coordinatorUrl, worker);
  const parts = stack.move();
  return {
    coordinator,
    worker,
    sidecar,
    requester,
    provider,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
