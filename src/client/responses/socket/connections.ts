/** All WebSockets that are open: how many there may be, and how they end with the sidecar. */
import type { WebSocket } from "ws";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { WebSockets } from "../../http/upgrade.ts";
import { responseLimits } from "../limits.ts";
import { type Connection, type ConnectionParts, openConnection } from "./connection.ts";

export interface Connections extends WebSockets {
  /** When all of them are gone. */
  settled(): Promise<void>;
}

const retryMs = 10_000;

/** @param stop aborts when the sidecar stops */
export function createConnections(parts: ConnectionParts & { stop: AbortSignal }): Connections {
  const { stop } = parts;
  const open = new Set<Connection>();
  const reason = () => new TroopError("draining");
  stop.addEventListener("abort", () => {
    for (const connection of open) connection.close(reason());
  });
  return {
    path: "/v1/responses",
    checkRoom() {
      if (stop.aborted) throw reason();
      if (open.size >= responseLimits.socketsMost)
        throw new TroopError("rate_limit_exceeded", "Too many WebSockets are open.", {
          retryAfterMs: retryMs,
        });
    },
    serve(socket: WebSocket, requestId: string, application: string | undefined) {
      const connection = openConnection(parts, socket, requestId, application);
      open.add(connection);
      void connection.settled.then(() => open.delete(connection));
    },
    async settled() {
      await Promise.all([...open].map(({ settled }) => settled));
    },
  };
}
