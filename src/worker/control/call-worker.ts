/** Asks the worker that runs on a data folder, through its socket. */
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { type Clock, deadline } from "../../base/clock.ts";
import { isErrorCode, TroopError } from "../../protocol/error-codes.ts";
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
export async function callWorker(call: WorkerCall): Promise<unknown> {
  const { folder, method, path, body, clock } = call;
  const late = new TroopError("timeout", "The worker did not answer in time.");
  using limit = deadline(clock, limits.readTimeoutMs, late);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; said: string }>();
  const socketPath = controlPath(folder);
  const asked = request({ socketPath, method, path, signal: limit.signal }, (answer) => {
    text(answer).then((said) => resolve({ status: answer.statusCode!, said }), reject);
  });
  asked.once("error", reject);
  asked.end(body && JSON.stringify(body));
  try {
    const { status, said } = await promise;
    const answered = JSON.parse(said) as { error?: { code?: unknown; message?: string } };
    if (status === 200) return answered;
    const code = answered.error?.code;
    throw new TroopError(isErrorCode(code) ? code : "internal_error", answered.error?.message);
  } catch (error) {
    if (limit.signal.aborted) throw late;
    // The socket of a worker that was killed stays, and nobody listens at it.
    if (isNobody(error)) return undefined;
    throw error;
  }
}

const isNobody = (error: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "");
