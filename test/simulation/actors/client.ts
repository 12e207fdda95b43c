/** A client on its machine: the production core, and an application that asks and sometimes leaves. */
import { createClientCore } from "../../../src/client/core.ts";
import { createConnect } from "../../../src/client/call/connect.ts";
import type { ChatChunk } from "../../../src/client/dialects/chat-chunk.ts";
import { chatDialect } from "../../../src/client/dialects/chat.ts";
import { createGenerate } from "../../../src/client/generate.ts";
import type { Wanted } from "../../../src/client/read-request.ts";
import { noPreferences } from "../../../src/client/routing/preferences.ts";
import { createPathFinder } from "../../../src/client/paths/find-path.ts";
import { createPathsTo } from "../../../src/client/paths/path.ts";
import { createCoordinatorClient } from "../../../src/host/coordinator-client.ts";
import type { Micro } from "../../../src/protocol/credits.ts";
import type { Signer } from "../../../src/protocol/signature.ts";
import { createTransport } from "../world/calls.ts";
import type { Disk } from "../world/disk.ts";
import { describe, isFaultOfOurs } from "../world/log.ts";
import { createMachine, type Machine, type Process } from "../world/machine.ts";
import type { Wire } from "../world/wire.ts";
import { coordinatorUrl, type World } from "../world/world.ts";
import type { CoordinatorActor } from "./coordinator.ts";
import { isCounting } from "./engine.ts";

export interface ClientActor {
  readonly machine: Machine;
  readonly account: Signer;
  readonly isHonest: boolean;
  /** Requests that were answered whole. */
  readonly answered: number;
  /** Of these, the ones that several nodes had a part in. */
  readonly joined: number;
  /** Who still waits for an answer, or what to be sent; empty where nothing does. */
  unrest(): string;
  /** The application asks no more. */
  retire(): void;
}

export interface ClientParts {
  world: World;
  wire: Wire;
  coordinator: CoordinatorActor;
  name: string;
  disk: Disk;
  account: Signer;
  /** What it signs acknowledgements with: its own key, or one that lies. */
  mouth: Signer;
  isHonest: boolean;
  models: readonly string[];
  maxBudget: Micro | undefined;
  /** Mean time between two requests, ms. */
  asksEveryMs: number;
  skewMs: number;
  violate: (what: string) => void;
}

const restartMs = { least: 500, most: 30_000 };
const queueWaitMs = 20_000;
const mostAtOnce = 8;

export function createClientActor(parts: ClientParts): ClientActor {
  const { world, wire, coordinator, name, disk, models } = parts;
  const { scheduler, faults, log } = world;
  const random = world.random.fork(name);
  let waiting = 0;
  let asked = 0;
  let answered = 0;
  let joined = 0;
  let isRetired = false;

  function start(process: Process): void {
    const { clock } = process;
    waiting = 0;
    const transport = createTransport(world, process, coordinator.machine, coordinator.handle);
    const probe = wire.probeFor(process);
    const client = createClientCore({
      config: {
        ...{ maxBudget: parts.maxBudget, queueWaitMs },
        policy: { onlyNodes: [], onlyOwners: [] },
        caps: { hourly: undefined, daily: undefined },
      },
      verifier: world.keys.verifier,
      ...{ clock, random, log, account: parts.mouth, database: disk.mount(process) },
      coordinator: createCoordinatorClient({ url: coordinatorUrl, clock, random, transport }),
      connect: createConnect({
        ...{ clock, probe, dispatcher: wire.dispatcherFor(process) },
        pathsTo: createPathsTo(() => ({ coordinatorUrl, networks: [] })),
        paths: createPathFinder({ clock, random, probe }),
      }),
    });
    const generate = createGenerate({ dispatch: client.dispatch, clock, random });
    Promise.all(client.run(scheduler.over)).catch(report);

    function report(error: unknown): void {
      if (process.isAlive && isFaultOfOurs(error)) parts.violate(`${name}: ${describe(error)}`);
    }

    async function ask(): Promise<void> {
      const leaving = new AbortController();
      const wanted = questionTo(random.pick(models));
      if (faults.happens("application_left", faults.shares.applicationLeft))
        clock.timer(random.between(0, 4_000), () =>
          leaving.abort(new Error("the application left")),
        );
      waiting += 1;
      const number = (asked += 1);
      let text = "";
      let speaker = "";
      const speakers = new Set<string>();
      const target = {
        node: (id: string) => void (speaker = id),
        take(chunks: readonly ChatChunk[]) {
          const before = text;
          for (const { choices } of chunks) text += choices[0]!.delta.content ?? "";
          if (before !== text) speakers.add(speaker);
          if (before === "" && text !== "") world.note(() => `${name} hears ${speaker}`);
          return undefined;
        },
      };
      world.note(() => `${name} asks (${number})`);
      try {
        const path = "/v1/chat/completions";
        const { outcome } = await generate.stream(
          ...([chatDialect, path, wanted, target, leaving.signal] as const),
        );
        world.note(() => `${name} is ${outcome} (${number})`);
        if (outcome === "answered") answered += 1;
        if (outcome === "answered" && speakers.size > 1) joined += 1;
        // Whoever began it, and however many went on.
        if (!isCounting(text)) parts.violate(`${name} was told "${text}"`);
      } catch (error) {
        world.note(() => `${name} has left (${number})`);
        if (!leaving.signal.aborted) report(error);
      } finally {
        if (process.isAlive) waiting -= 1;
      }
    }

    const askLater = () => {
      clock.timer(-Math.log(1 - random.fraction()) * parts.asksEveryMs, () => {
        if (isRetired) return;
        if (waiting < mostAtOnce) void ask();
        askLater();
      });
    };
    askLater();
  }

  const machine = createMachine({
    ...{ name, scheduler, random, skewMs: parts.skewMs, start },
    onKilled(_name, point) {
      faults.count("client_killed");
      world.note(() => `${name} is killed at ${point}`);
      scheduler.at(random.between(restartMs.least, restartMs.most), `${name} starts`, () =>
        machine.boot(),
      );
    },
  });

  return {
    ...{ machine, account: parts.account, isHonest: parts.isHonest },
    get answered() {
      return answered;
    },
    get joined() {
      return joined;
    },
    unrest() {
      if (!machine.process) return `${name} is down`;
      if (waiting > 0) return `${name} waits for ${waiting} answers`;
      const lines = disk.waitingLines();
      return lines > 0 ? `${name} keeps ${lines} lines` : "";
    },
    retire() {
      isRetired = true;
    },
  };
}

const questionTo = (model: string): Wanted => ({
  ...{ model, fields: { messages: [{ role: "user", content: "Count." }] }, ignored: [] },
  ...{ preferences: noPreferences, application: undefined },
});
