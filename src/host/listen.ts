/** Addresses to listen on, and a port that is taken said plainly. */
import { isIP } from "node:net";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { TroopError } from "../protocol/error-codes.ts";

export interface ListenAddress {
  host: string;
  /** 0 asks the system for a free one. */
  port: number;
}

/** A Unix socket. */
export interface ListenSocket {
  path: string;
}
export const isSocket = (place: ListenAddress | ListenSocket): place is ListenSocket =>
  "path" in place;

/** Reads `unix:/a/path`, and what `readListenAddress` does. */
export function readListenPlace(text: string): ListenAddress | ListenSocket | undefined {
  const [, path] = /^unix:(\/.+)$/.exec(text) ?? [];
  return path === undefined ? readListenAddress(text) : { path };
}

/** Reads `host:port`, `[v6]:port` or a bare port. Undefined for anything else. */
export function readListenAddress(
  text: string,
  defaultHost = "127.0.0.1",
): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]:|([^:[\]]+):)?(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const host = match[1] ?? match[2] ?? defaultHost;
  const port = Number(match[3]);
  if (port > 65_535 || (isIP(host) === 0 && host !== "localhost")) return undefined;
  return { host, port };
}

export const urlOf = ({ host, port }: ListenAddress, scheme: "http" | "https" = "http"): string =>
  `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;

/**
 * Listens and returns where.
 * @throws TroopError `port_taken`, `configuration_invalid`
 */
export function listen(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenFailure(error, { host, port }));
    server.once("error", fail);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", fail);
      const { address, port: actual } = server.address() as AddressInfo;
      resolve({ host: address, port: actual });
    });
  });
}

/** A look before anything heavy starts. Whoever binds later may find it taken all the same. @throws as `listen` */
export async function mustBeFree(at: ListenAddress): Promise<void> {
  const server = createServer();
  await listen(server, at);
  await closeServer(server);
}

/** Resolves when nothing is open any more; requests under way are cut off. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

export function listenFailure(error: NodeJS.ErrnoException, { host, port }: ListenAddress): Error {
  if (error.code === "EADDRINUSE") {
    return new TroopError("port_taken", `Another program listens on ${host}:${port}.`, {
      details: { port },
      cause: error,
    });
  }
  if (error.code === "EACCES" || error.code === "EADDRNOTAVAIL") {
    return new TroopError(
      "configuration_invalid",
      `Listening on ${host}:${port} is not possible (${error.code}).`,
      {
        cause: error,
      },
    );
  }
  return error;
}
