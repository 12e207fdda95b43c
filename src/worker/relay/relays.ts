/**
 * Keeps a connection to each relay, so that clients get to a worker that they cannot reach: dialled out, dialled again
 * where it breaks, and told to the coordinator while it stands.
 */
import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { tend, workerEnd } from "../../host/relay-session.ts";
import { limits } from "../../protocol/limits.ts";
import type { Dial } from "./dial.ts";

export interface RelaysParts {
  /** Relays' URLs. */
  urls: readonly string[];
  dial: Dial;
  /** Answers the requests of a connection. */
  serve: (session: ServerHttp2Session) => void;
  clock: Clock;
  random: Random;
  log: Log;
  /** The list of those connected changed. */
  onChange: () => void;
}

export interface Relays {
  /** Those connected now. */
  connected(): string[];
  /** Starts dialling; resolves once each has answered or failed for the first time. */
  begin(signal: AbortSignal): Promise<void>;
  /** Resolves when all connections are over, which they are only after the signal aborted. */
  ended(): Promise<void>;
}

const backoff = { firstMs: 500, ceilingMs: 30_000 };
/** A connection that breaks sooner counts as a failure: two workers with one key would push each other out for ever. */
const steadyMs = 10_000;

export function createRelays(parts: RelaysParts): Relays {
  const { urls, dial, clock, random, log, onChange } = parts;
  const connected = new Set<string>();
  let loops: Promise<unknown> = Promise.resolve();

  /**
   * Resolves when the connection is over, or has begun to end.
   * @param ready called when the relay takes requests for us
   */
  function hold(
    url: string,
    socket: Socket,
    signal: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    const session = performServerHandshake(socket, workerEnd);
    const { promise, resolve } = Promise.withResolvers<void>();
    const leave = () => {
      if (connected.delete(url)) onChange();
    };
    const stop = () => {
      leave();
      session.close();
      // A session that is ending waits for a relay that may have stopped reading; its socket does not.
      clock.timer(limits.lastFramesMs, () => {
        session.destroy();
        socket.destroy();
      });
    };
    // "close" follows.
    session.on("error", () => undefined);
    socket.on("error", () => undefined);
    session.once("goaway", leave);
    session.once("close", () => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      leave();
      resolve();
    });
    tend(session, clock);
    parts.serve(session);
    // The upgrade was answered before the relay had the connection in its list; its settings come from there.
    session.once("remoteSettings", () => {
      connected.add(url);
      onChange();
      log.info({ relay: url }, "connected to a relay");
      ready();
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    return promise;
  }

  function keep(url: string, signal: AbortSignal): { first: Promise<void>; ended: Promise<void> } {
    const first = Promise.withResolvers<void>();
    const { ended } = startLoop({
      ...{ clock, random, signal, backoff },
      round: async () => {
        const socket = await dial(url, signal);
        const since = clock.monotonic();
        await hold(url, socket, signal, first.resolve);
        signal.throwIfAborted();
        if (clock.monotonic() - since < steadyMs) throw new Error("the connection broke");
        return backoff.firstMs * random.fraction();
      },
      onFailure: (error) => {
        first.resolve();
        log.warn({ err: error, relay: url }, "no connection to the relay");
      },
    });
    return { first: Promise.race([first.promise, ended]), ended };
  }

  return {
    connected: () => [...connected],
    async begin(signal) {
      const kept = urls.map((url) => keep(url, signal));
      loops = Promise.all(kept.map(({ ended }) => ended));
      await Promise.all(kept.map(({ first }) => first));
    },
    ended: async () => void (await loops),
  };
}
