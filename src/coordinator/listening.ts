/** Where a coordinator is reached: an address, with TLS of its own or without, or a Unix socket for a proxy beside it. */
import type { FastifyInstance } from "fastify";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import type { Server } from "node:tls";
import { type CertificateFiles, readCertificate, renewCertificate } from "../host/certificate.ts";
import { createIsSecure } from "../host/client-address.ts";
import {
  isSocket,
  type ListenAddress,
  listenFailure,
  type ListenSocket,
  urlOf,
} from "../host/listen.ts";
import type { ServerParts } from "./http/server.ts";
import { TroopError } from "../protocol/error-codes.ts";

export interface Place {
  listen: ListenAddress | ListenSocket;
  /** Undefined: without TLS. */
  tls?: CertificateFiles | undefined;
  trustedProxies: readonly string[];
}

/** What the HTTP server must know of it. */
export const transportOf = ({ listen, tls, trustedProxies }: Place) => ({
  certificate: tls && readCertificate(tls),
  isSecure: createIsSecure(trustedProxies, { isSocket: isSocket(listen) }),
});

export interface Listening extends Disposable {
  /** Of an address; undefined for a socket. */
  url: string | undefined;
}

/** @throws TroopError `port_taken`, `configuration_invalid` */
export async function listenAt(
  app: FastifyInstance,
  { listen, tls }: Place,
  parts: ServerParts,
): Promise<Listening> {
  if (isSocket(listen)) {
    await listenOnSocket(app, listen);
    return { url: undefined, [Symbol.dispose]: () => undefined };
  }
  try {
    await app.listen(listen);
  } catch (error) {
    throw listenFailure(error as NodeJS.ErrnoException, listen);
  }
  const { address: host, port } = app.server.address() as AddressInfo;
  const url = urlOf({ host, port }, tls ? "https" : "http");
  // With a certificate the app's server is one of TLS.
  const renewal = tls && renewCertificate(app.server as unknown as Server, tls, parts);
  return { url, [Symbol.dispose]: () => renewal?.[Symbol.dispose]() };
}

/** For its own user and group: whose proxy is to get through is in that, or may enter the folder. */
async function listenOnSocket(app: FastifyInstance, { path }: ListenSocket): Promise<void> {
  try {
    await removeLeftover(path);
    await app.listen({ path });
    chmodSync(path, 0o660);
  } catch (cause) {
    if (cause instanceof TroopError) throw cause;
    throw unusable(path, "cannot be listened on", cause);
  }
}

/** Of one that was killed. Where somebody listens still, or what is there is no socket, it stays. */
async function removeLeftover(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw unusable(path, "is something else than a socket");
  if (await isHeard(path)) throw unusable(path, "is another program's");
  rmSync(path, { force: true });
}

/** What says that nobody listens. Whose connections wait in a full queue, or are not for us, is there all the same. */
const nobody: ReadonlySet<string | undefined> = new Set(["ECONNREFUSED", "ENOENT"]);

const isHeard = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const answer = (heard: boolean) => {
      socket.destroy();
      resolve(heard);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", ({ code }: NodeJS.ErrnoException) => answer(!nobody.has(code)));
  });

const unusable = (path: string, why: string, cause?: unknown) =>
  new TroopError("configuration_invalid", `LISTEN: ${path} ${why}.`, { param: "LISTEN", cause });
