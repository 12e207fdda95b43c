/** A worker with a scripted engine and a stubbed coordinator, on a clock that the test moves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "../../../src/base/random.ts";
import { loadSigner } from "../../../src/host/key-file.ts";
import { createLog } from "../../../src/host/log.ts";
import type { TicketClaims } from "../../../src/protocol/ticket.ts";
import { readWorkerConfig, type WorkerOverrides } from "../../../src/worker/config.ts";
import type { Engine } from "../../../src/worker/engines/engine.ts";
import { startWorker, type Worker } from "../../../src/worker/worker.ts";
import type { Senses } from "../../../src/worker/idle/senses.ts";
import { createFakeClock, type FakeClock } from "../fake-clock.ts";
import { type CoordinatorStub, startCoordinatorStub, type TestTicket } from "./coordinator-stub.ts";
import { type FakeEngine, type FakeEngineOptions, startFakeEngine } from "./fake-engine.ts";
import { ask, type AskOptions, type OpenAsk, type Reply, startAsk } from "./infer-client.ts";

export interface TestWorker extends AsyncDisposable {
  readonly worker: Worker;
  readonly coordinator: CoordinatorStub;
  readonly engine: FakeEngine;
  readonly clock: FakeClock;
  readonly dataFolder: string;
  ticket(claims?: Partial<TicketClaims>): Promise<TestTicket>;
  ask(options: Omit<AskOptions, "url">): Promise<Reply>;
  start(options: Omit<AskOptions, "url">): OpenAsk;
  /**
   * Moves time in steps until `event` has happened. Real I/O between the parties goes on meanwhile; after each
   * step a round trip gives it room, so that time does not run away from it.
   */
  until<Result>(event: Promise<Result>, stepMs?: number): Promise<Result>;
  /** Ends the worker and starts another on the same folder with the same keys. */
  restart(meanwhile?: () => void): Promise<void>;
}

export interface TestWorkerOptions extends FakeEngineOptions {
  /** More engines beside the scripted one, which comes first. */
  others?: readonly FakeEngine[];
  /** Instead of the scripted engines' own drivers. */
  drive?: (fake: FakeEngine, clock: FakeClock) => Engine;
  config?: WorkerOverrides;
  /** By which the worker notices its owner; without them it does not. */
  senses?: (clock: FakeClock) => Senses;
}

export async function startTestWorker(options: TestWorkerOptions = {}): Promise<TestWorker> {
  await using stack = new AsyncDisposableStack();
  const clock = createFakeClock();
  const dataFolder = mkdtempSync(join(tmpdir(), "troop-worker-"));
  stack.defer(() => rmSync(dataFolder, { recursive: true, force: true }));
  const coordinator = stack.use(await startCoordinatorStub(clock));
  const engine = stack.use(await startFakeEngine(options));
  const { drive = (fake) => fake.engine, others = [] } = options;
  const engines = [engine, ...others].map((each) => drive(each, clock));
  const node = await loadSigner(join(dataFolder, "node.json"), systemRandom);
  const owner = await loadSigner(join(dataFolder, "owner.json"), systemRandom);
  const start = (): Promise<Worker> =>
    startWorker(
      readWorkerConfig(
        {},
        {
          ...{ coordinatorUrl: coordinator.url, dataFolder },
          listen: { host: "127.0.0.1", port: 0 },
          ...options.config,
        },
      ),
      {
        ...{ clock, random: systemRandom, log: createLog("silent"), engines, node, owner },
        ...(options.senses ? { senses: options.senses(clock) } : {}),
      },
    );
  let worker = await start();
  stack.defer(() => endNow(worker));
  const opened = stack.move();
  return {
    get worker() {
      return worker;
    },
    ...{ coordinator, engine, clock, dataFolder },
    ticket: (claims = {}) => coordinator.ticket({ aud: node.id, ...claims }),
    ask: (asked) => ask({ url: worker.url, ...asked }),
    start: (asked) => startAsk({ url: worker.url, ...asked }),
    async until(event, stepMs = 500) {
      let isDone = false;
      const note = event.then(
        () => (isDone = true),
        () => (isDone = true),
      );
      while (!isDone) {
        await clock.advance(stepMs);
        await (await fetch(`${worker.url}/health`)).text();
      }
      await note;
      return event;
    },
    async restart(meanwhile) {
      await endNow(worker);
      meanwhile?.();
      worker = await start();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Does not wait for streams that a test left open. */
async function endNow(worker: Worker): Promise<void> {
  await worker.drain(AbortSignal.abort());
  await worker[Symbol.asyncDispose]();
}
