/**
 * The same API on a Unix socket that nobody but this user can open. Who gets that far has shown more than a key, so
 * none is asked for there.
 */
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { FastifyInstance } from "fastify";
import { closeServer } from "../../host/listen.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

/** `sun_path` holds 104 bytes on macOS and the BSDs, 108 on Linux, the zero at the end included. */
const pathBytes = 103;

export interface UnixSocket extends AsyncDisposable {
  /** @throws TroopError `configuration_invalid` where there can be no socket at the path */
  listen(): Promise<void>;
}

export function createUnixSocket(
  path: string,
  app: FastifyInstance,
  { apiKey }: { apiKey: string | undefined },
): UnixSocket {
  const trusted = (request: IncomingMessage) => {
    if (apiKey === undefined) return;
    const { "x-api-key": given } = request.headers;
    // It still names the application.
    if (typeof given === "string") request.headers.authorization = `Bearer ${given}`;
    request.headers["x-api-key"] = apiKey;
  };
  const server = createServer(
    { maxHeaderSize: limits.headerBytes, headersTimeout: limits.headersWaitMs },
    (request, response) => {
      trusted(request);
      app.routing(request, response);
    },
  );
  server.on("upgrade", (request, socket, head) => {
    trusted(request);
    app.server.emit("upgrade", request, socket, head);
  });
  return {
    async listen() {
      if (process.platform === "win32" || Buffer.byteLength(path) > pathBytes)
        throw unusable(path, "is no path that a Unix socket can have here");
      removeLeftover(path);
      // From its first moment on; a mode that is set afterwards would come a moment late.
      const before = process.umask(0o177);
      try {
        server.listen(path);
      } finally {
        process.umask(before);
      }
      await once(server, "listening").catch((error: unknown) => {
        throw unusable(path, "cannot be listened on", error);
      });
      chmodSync(path, 0o600);
    },
    [Symbol.asyncDispose]: () => (server.listening ? closeServer(server) : Promise.resolve()),
  };
}

/** Of a sidecar that was killed: the data folder's lock says that no other runs. Anything but a socket is somebody's. */
function removeLeftover(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isSocket()) throw unusable(path, "is something else than a socket");
  rmSync(path, { force: true });
}

const unusable = (path: string, why: string, cause?: unknown) =>
  new TroopError("configuration_invalid", `PROXY_SOCKET: ${path} ${why}.`, {
    param: "PROXY_SOCKET",
    cause,
  });
