/** Where the worker listens for whoever sits at the machine: a socket in its data folder. */
import { roleSocketPath } from "../../host/role-socket.ts";

/**
 * @param folder the worker's own, absolute or not
 * @throws TroopError `data_folder_invalid` where the path is longer than a socket's may be
 */
export const controlPath = (folder: string, platform?: NodeJS.Platform): string =>
  roleSocketPath(folder, "worker", platform);
