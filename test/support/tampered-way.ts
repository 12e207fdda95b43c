/** A worker's way to its coordinator, on which a test can stand: calls of some paths fail, wait, or get another answer. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, type Dispatcher } from "undici";
import { type ErrorCode, TroopError } from "../../src/protocol/error-codes.ts";
import { errorBody } from "../../src/protocol/error-object.ts";

export interface TamperedWay extends AsyncDisposable {
  /** What the worker is given. */
  readonly dispatcher: Dispatcher;
  /** From now on nobody is there for calls of this path. */
  cut(path: string): void;
  /** Somebody is again. */
  mend(path: string): void;
  /** From now on calls of this path are answered with this refusal. */
  refuse(path: string, code: ErrorCode): void;
  /** From now on calls of this path wait until the test lets them go on. */
  hold(path: string): () => void;
}

/** Nobody listens there. */
const nowhere = "http://127.0.0.1:9";

export async function createTamperedWay(): Promise<TamperedWay> {
  const refusals = new Map<string, ErrorCode>();
  const cut = new Set<string>();
  const held = new Map<string, Promise<void>>();
  const server = createServer((request, response) => {
    const error = new TroopError(refusals.get(request.url!) ?? "not_found");
    request.resume();
    response.writeHead(error.status).end(JSON.stringify(errorBody(error, "refused on the way")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const refuser = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const agent = new Agent();
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    const path = options.path;
    if (cut.has(path)) return dispatch({ ...options, origin: nowhere }, handler);
    if (refusals.has(path)) return dispatch({ ...options, origin: refuser }, handler);
    const wait = held.get(path);
    if (!wait) return dispatch(options, handler);
    void wait.then(() => dispatch(options, handler));
    return true;
  });
  return {
    dispatcher,
    cut: (path) => void cut.add(path),
    mend: (path) => void cut.delete(path),
    refuse: (path, code) => void refusals.set(path, code),
    hold(path) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(path, promise);
      return () => {
        held.delete(path);
        resolve();
      };
    },
    async [Symbol.asyncDispose]() {
      await agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
