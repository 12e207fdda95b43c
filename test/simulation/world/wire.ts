/**
 * The way from clients to workers: undici's interface on one side, node's HTTP objects on the other, and between them
 * a connection that is refused, cut off, held back or broken. Bytes on one connection arrive in order or not at all.
 */
import type { Dispatcher } from "undici";
import type { Probe } from "../../../src/client/paths/probe.ts";
import type { Machine, Process } from "./machine.ts";
import { createIncoming, createOutgoing, type Sent } from "./streams.ts";
import type { World } from "./world.ts";

export interface Delivery {
  id: string;
  headers: Record<string, string>;
  incoming: ReturnType<typeof createIncoming>;
  outgoing: ReturnType<typeof createOutgoing>;
}

/** A worker as the network knows it. */
export interface Door {
  machine: Machine;
  /** Takes a request in; called while its machine is up only. */
  take(delivery: Delivery): void;
}

/** A request as anybody on the network could write it down. */
export interface Capture {
  port: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface Wire {
  /** What a client's process sends through. */
  dispatcherFor(process: Process): Dispatcher;
  /** How it finds out whether a path is open. */
  probeFor(process: Process): Probe;
  /** Sends what was written down, by nobody's hand; the answer is not looked at. */
  replay(capture: Capture): void;
  open(port: number, door: Door): void;
}

interface Ends {
  opened(): void;
  sent(sent: Sent): void;
  failed(code: string): void;
}

export const tokenOf = (headers: Readonly<Record<string, string>>): string =>
  headers["authorization"]?.slice("Bearer ".length) ?? "";

const connectTimeoutMs = 5_000;
const retryMs = 500;

/** @param seen is shown each request that arrives */
export function createWire(world: World, seen: (capture: Capture) => void): Wire {
  const { scheduler, network, faults, truth, random } = world;
  const doors = new Map<number, Door>();
  let requests = 0;

  function connect(capture: Capture, from: Process | undefined, ends: Ends): () => void {
    const { port, headers } = capture;
    const door = doors.get(port);
    const sender = from?.name ?? "somebody";
    let isOver = false;
    let name = "";
    let outgoing: Delivery["outgoing"] | undefined;
    let incoming: Delivery["incoming"] | undefined;
    const forgets: (() => void)[] = [];
    const end = () => {
      isOver = true;
      for (const forget of forgets) forget();
    };
    const fail = (code: string) => {
      if (isOver) return;
      world.note(() => `request ${name} of ${sender} fails: ${code}`);
      end();
      if (from?.isAlive ?? true) ends.failed(code);
    };
    const hangUp = () => {
      if (isOver) return;
      world.note(() => `request ${name} is given up by ${sender}`);
      end();
      later(sender, door!.machine.name, () => {
        incoming?.hangUp();
        outgoing?.close();
      });
    };
    /** What one side notices of the other's end, unless the network is silent about it. */
    const later = (one: string, other: string, act: () => void) => {
      const delayMs = network.journey(one, other);
      if (delayMs !== undefined) scheduler.at(delayMs, "connection", act);
    };

    function arrive() {
      if (isOver) return;
      const target = door?.machine.process;
      if (!target) return fail("ECONNREFUSED");
      ends.opened();
      if (isOver) return;
      const id = String((requests += 1));
      name = id;
      world.note(() => `request ${name} of ${sender} reaches ${target.name}`);
      const token = tokenOf(headers);
      const k = Number(headers["troop-index"]);
      truth.arrive({ id, worker: target.name, token, k, isAsked: from !== undefined });
      seen(capture);
      incoming = createIncoming([capture.body], true);
      const unlessDead = (act: () => void) => {
        if (target.isAlive) act();
      };
      outgoing = createOutgoing(
        (sent) => unlessDead(() => deliver(sent)),
        () => unlessDead(() => fail("ECONNRESET")),
      );
      forgets.push(target.onDeath(() => later(target.name, sender, () => fail("ECONNRESET"))));
      if (from) forgets.push(from.onDeath(hangUp));
      if (faults.happens("connection_broken", faults.shares.broken))
        scheduler.at(random.between(0, 6_000), "connection", () => {
          if (isOver) return;
          fail("ECONNRESET");
          outgoing?.close();
        });
      door.take({ id, headers, incoming, outgoing });
    }

    // One at a time: what comes later waits behind what a cut holds back.
    const onTheWay: Sent[] = [];
    function deliver(sent: Sent) {
      onTheWay.push(sent);
      if (onTheWay.length === 1) travel(random.between(1, 30));
    }
    function travel(delayMs: number) {
      scheduler.at(delayMs, "answer", pass);
    }
    function pass() {
      if (isOver) return;
      if (network.isCut(sender, door!.machine.name)) return travel(retryMs);
      const sent = onTheWay.shift()!;
      if (sent.isEnd) {
        world.note(() => `request ${name} of ${sender} is answered`);
        end();
        outgoing!.finish();
      }
      if (from?.isAlive ?? true) ends.sent(sent);
      if (onTheWay.length > 0) travel(random.between(0, 3));
    }

    if (!door || network.isCut(sender, door.machine.name)) {
      scheduler.at(connectTimeoutMs, "connection", () => fail("UND_ERR_CONNECT_TIMEOUT"));
      return hangUp;
    }
    const delayMs = heldBackMs(headers) ?? random.between(1, 40);
    scheduler.at(delayMs, "request", arrive);
    return hangUp;
  }

  /** Some requests are kept until their ticket has just ended, or is just about to. */
  function heldBackMs(headers: Record<string, string>): number | undefined {
    if (!faults.happens("request_held_back", faults.shares.heldBack)) return undefined;
    const { exp } = truth.claimsOf(headers["authorization"]!.slice("Bearer ".length));
    return exp * 1_000 + random.between(-10_000, 25_000) - scheduler.now;
  }

  return {
    open: (port, door) => void doors.set(port, door),
    replay: (capture) => void connect(capture, undefined, silent),
    probeFor:
      (process) =>
      ({ origin }) =>
        new Promise((resolve, reject) => {
          process.reach("probe");
          const door = doors.get(Number(origin.split(":")[2]));
          const name = door?.machine.name ?? "nobody";
          const delayMs = network.isCut(process.name, name) ? connectTimeoutMs : 20;
          scheduler.at(delayMs, "probe", () => {
            if (door?.machine.process && !network.isCut(process.name, name)) resolve();
            else reject(new Error("nobody answers"));
          });
        }),
    dispatcherFor(process) {
      function dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
        process.reach("infer");
        const body = options.body as Uint8Array;
        const headers = options.headers as Record<string, string>;
        const capture = { port: Number(String(options.origin).split(":")[2]), headers, body };
        truth.reveal(
          headers["authorization"]!.slice("Bearer ".length),
          Number(headers["troop-index"]),
        );
        let hangUp = () => {};
        const controller = {
          aborted: false,
          paused: false,
          pause: () => {},
          resume: () => {},
          abort: () => hangUp(),
        } as unknown as Dispatcher.DispatchController;
        hangUp = connect(capture, process, {
          opened: () => handler.onRequestStart?.(controller, {}),
          sent({ head, chunks, isEnd }) {
            if (head) handler.onResponseStart?.(controller, head.status, head.headers);
            for (const chunk of chunks) handler.onResponseData?.(controller, Buffer.from(chunk));
            if (isEnd) handler.onResponseEnd?.(controller, {});
          },
          failed: (code) =>
            handler.onResponseError?.(controller, Object.assign(new Error(code), { code })),
        });
        if (network.duplicates()) connect(capture, undefined, silent);
        return true;
      }
      return { dispatch } as unknown as Dispatcher;
    },
  };
}

const silent: Ends = { opened: () => {}, sent: () => {}, failed: () => {} };
