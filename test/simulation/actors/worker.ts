/** A worker on its machine: the production core between a simulated engine, disk and network. */
import { createCoordinatorClient } from "../../../src/host/coordinator-client.ts";
import type { HttpTransport } from "../../../src/host/http-transport.ts";
import { limits } from "../../../src/protocol/limits.ts";
import type { StatementOutcome } from "../../../src/protocol/receipt.ts";
import type { FrameSealer } from "../../../src/protocol/sealed-stream-cipher.ts";
import type { Signer } from "../../../src/protocol/signature.ts";
import { createWorkerCore, type WorkerCore } from "../../../src/worker/core.ts";
import { createAnswer } from "../../../src/worker/proxy/answer.ts";
import { refusePlainly } from "../../../src/worker/proxy/refusal.ts";
import { createByteBudget, receiveRequest } from "../../../src/worker/proxy/request-frames.ts";
import { fetchTicketKeys } from "../../../src/host/ticket-keys.ts";
import { createTransport } from "../world/calls.ts";
import type { Disk } from "../world/disk.ts";
import { describe, isFaultOfOurs } from "../world/log.ts";
import { createMachine, type Machine, type Process } from "../world/machine.ts";
import type { Delivery, Wire } from "../world/wire.ts";
import { coordinatorUrl, type World } from "../world/world.ts";
import type { CoordinatorActor } from "./coordinator.ts";
import { asDelivery, createEngine, createEngineDispatcher, type EngineTraits } from "./engine.ts";

export interface WorkerActor {
  readonly machine: Machine;
  readonly node: Signer;
  readonly owner: Signer;
  readonly traits: EngineTraits;
  readonly isHonest: boolean;
  /** What still runs, or waits to be sent; empty where nothing does. */
  unrest(): string;
}

export interface WorkerParts {
  world: World;
  wire: Wire;
  coordinator: CoordinatorActor;
  name: string;
  port: number;
  disk: Disk;
  node: Signer;
  owner: Signer;
  /** What it signs receipts with: its own key, or one that lies. */
  mouth: Signer;
  traits: EngineTraits;
  isHonest: boolean;
  heartbeatMs: number;
  skewMs: number;
  violate: (what: string) => void;
}

const restartMs = { least: 500, most: 40_000 };
const hardware = { platform: "virtual", cpu: "none", cores: 1, memory_bytes: 1, gpus: [] };

export function createWorkerActor(parts: WorkerParts): WorkerActor {
  const { world, wire, coordinator, name, port, disk, node, owner, traits, isHonest } = parts;
  const { scheduler, faults, keys, log } = world;
  const random = world.random.fork(name);
  let core: WorkerCore | undefined;
  let inFlight = createByteBudget(0);
  let isListening = false;
  let isStarted = false;

  function start(process: Process): void {
    const { clock } = process;
    inFlight = createByteBudget(limits.inferenceBytesInFlight);
    const carry = createTransport(world, process, coordinator.machine, coordinator.handle);
    const calls = createCoordinatorClient({
      ...{ url: coordinatorUrl, clock, random, transport: listening(carry) },
    });
    const signal = scheduler.over;
    const opened = (): WorkerCore =>
      createWorkerCore(
        {
          config: {
            ...{ coordinatorUrl, heartbeatMs: parts.heartbeatMs, slots: traits.slots },
            modelRefreshMs: 600_000,
          },
          ...{ clock, random, log, node: parts.mouth, owner, coordinator: calls, hardware },
          engines: [createEngine(traits)],
          database: disk.mount(process),
          dispatcher: createEngineDispatcher(world, process, node.id, isHonest, traits),
          address: () => ({ host: "127.0.0.1", port }),
          fetchKeys: async (given) => {
            await fetchTicketKeys(calls, given);
            return keys.ticketKeys;
          },
        },
        signal,
      );
    const begin = async () => {
      const worker = opened();
      core = worker;
      await worker.prepare(signal);
      isListening = true;
      worker.move("ready");
      await worker.heartbeats.beat(signal);
      isStarted = true;
      await Promise.all(worker.run(signal));
    };
    begin().catch((error: unknown) => {
      if (!process.isAlive) return;
      if (isFaultOfOurs(error)) parts.violate(`${name} does not start: ${describe(error)}`);
      // A worker that cannot begin ends, and its supervisor starts it again.
      machine.kill();
    });
  }

  /** Answers that arrive are part of the truth. */
  const listening =
    (carry: HttpTransport): HttpTransport =>
    async (call) => {
      const answer = await carry(call);
      if (answer.status !== 200 || !call.url.endsWith("/receipts")) return answer;
      const { outcomes } = JSON.parse(await answer.text()) as { outcomes: StatementOutcome[] };
      for (const outcome of outcomes) world.truth.settled(outcome, isHonest);
      return answer;
    };

  const machine = createMachine({
    ...{ name, scheduler, random, skewMs: parts.skewMs, start },
    onKilled(_name, point) {
      if (isStarted) faults.count("worker_killed");
      isListening = isStarted = false;
      core = undefined;
      world.note(() => `${name} is killed at ${point}`);
      scheduler.at(random.between(restartMs.least, restartMs.most), `${name} starts`, () =>
        machine.boot(),
      );
    },
  });

  wire.open(port, {
    machine,
    take(delivery) {
      const process = machine.process!;
      if (!isListening) return delivery.outgoing.response.destroy();
      const served = asDelivery(delivery.id, () => core!.infer(exchangeOf(delivery, process)));
      served.catch((error: unknown) => {
        if (process.isAlive && isFaultOfOurs(error))
          parts.violate(`${name} lost a request: ${describe(error)}`);
      });
      return undefined;
    },
  });

  const exchangeOf = ({ id, headers, incoming, outgoing }: Delivery, { clock }: Process) => ({
    id,
    headers,
    request: receiveRequest(incoming.request, clock, inFlight),
    refuse: (error: Parameters<typeof refusePlainly>[1]) =>
      refusePlainly(outgoing.response, error, id),
    answer: (sealer: FrameSealer) => createAnswer(outgoing.response, sealer, clock),
  });

  return {
    ...{ machine, node, owner, traits, isHonest },
    unrest() {
      if (!isStarted) return `${name} does not serve`;
      if (core!.slots.active > 0) return `${name} has ${core!.slots.active} requests under way`;
      const lines = disk.waitingLines();
      return lines > 0 ? `${name} keeps ${lines} lines` : "";
    },
  };
}
