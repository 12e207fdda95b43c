/** Where the worker listens for whoever sits at the machine: a socket in its data folder. */
import { join } from "node:path";
import { TroopError } from "../../protocol/error-codes.ts";
import { digestOf } from "../../protocol/bytes.ts";

/** `sun_path` holds 104 bytes on macOS and the BSDs, 108 on Linux, the zero at the end included. */
const pathBytes = 103;

/**
 * @param folder the worker's own, absolute or not
 * @throws TroopError `data_folder_invalid` where the path is longer than a socket's may be
 */
export function controlPath(folder: string, platform: NodeJS.Platform = process.platform): string {
  // Windows has no such sockets in folders; a pipe's name is for the whole machine.
  if (platform === "win32") return `\\\\.\\pipe\\troop-worker-${digestOf(folder).slice(0, 16)}`;
  const path = join(folder, "worker.sock");
  if (Buffer.byteLength(path) <= pathBytes) return path;
  throw new TroopError(
    "data_folder_invalid",
    `The path of the worker's socket is longer than the ${pathBytes} bytes that systems allow: ${path}`,
  );
}
