/** Asks the worker that runs on a data folder, through its socket. */
import type { Clock } from "../../base/clock.ts";
import { callRole } from "../../host/role-socket.ts";
import { limits } from "../../protocol/limits.ts";
import { controlPath } from "./control-path.ts";

export interface WorkerCall {
  /** The worker's own folder. */
  folder: string;
  method: "GET" | "POST";
  path: string;
  body?: object;
  clock: Clock;
}

/**
 * Its answer, parsed; undefined where no worker runs on the folder.
 * @throws TroopError `timeout`, `data_folder_invalid`, or the worker's refusal
 */
export const callWorker = ({ folder, ...call }: WorkerCall): Promise<unknown> =>
  callRole({ ...call, socketPath: controlPath(folder), timeoutMs: limits.readTimeoutMs });
