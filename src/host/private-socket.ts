/**
 * A real socket in place of a JavaScript stream. HTTP/2 must never run on the latter: where its peer dies, the process
 * ends with an assertion that nobody can catch. So the stream is piped into a Unix socket that only we can open; on
 * Windows, which has none, into a named pipe (not tried on a real one).
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Duplex, pipeline } from "node:stream";

/**
 * Where such a socket is.
 * @param folder new, so that its name is nobody else's. Pipes are in no folder and take the name alone; Windows lets
 *   other users read from one but not write to it, so that none can pass for us
 */
export const socketPathIn = (folder: string, platform: NodeJS.Platform): string =>
  platform === "win32"
    ? `\\\\.\\pipe\\${basename(folder.replaceAll("\\", "/"))}`
    : join(folder, "socket");

/**
 * The two end together, whichever does first.
 * @param carrier what the stream itself runs on: a stream that waits to be read may learn late that it has closed
 * @throws where no socket can be made
 */
export async function socketOf(stream: Duplex, carrier: Duplex): Promise<Socket> {
  // Mode 0700: nobody else on this machine gets as far as the socket.
  const folder = await mkdtemp(join(tmpdir(), "troop-socket-"));
  const server = createServer();
  try {
    const path = socketPathIn(folder, process.platform);
    server.listen(path);
    await once(server, "listening");
    const near = connect(path);
    const [[far]] = await Promise.all([
      once(server, "connection") as Promise<[Socket]>,
      once(near, "connect"),
    ]);
    const end = () => {
      stream.destroy();
      far.destroy();
    };
    carrier.once("close", end);
    if (carrier.destroyed) end();
    pipeline(stream, far, end);
    pipeline(far, stream, end);
    return near;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
