/** Where a role listens for whoever sits at the machine: a socket in its data folder, and how one asks there. */
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type Clock, deadline } from "../base/clock.ts";
import { digestOf } from "../protocol/bytes.ts";
import { isErrorCode, TroopError } from "../protocol/error-codes.ts";

/** `sun_path` holds 104 bytes on macOS and the BSDs, 108 on Linux, the zero at the end included. */
const pathBytes = 103;

/**
 * @param folder the role's own, absolute or not
 * @throws TroopError `data_folder_invalid` where the path is longer than a socket's may be
 */
export function roleSocketPath(
  folder: string,
  role: string,
  platform: NodeJS.Platform = process.platform,
): string {
  // Windows has no such sockets in folders; a pipe's name is for the whole machine.
  if (platform === "win32") return `\\\\.\\pipe\\troop-${role}-${digestOf(folder).slice(0, 16)}`;
  const path = join(folder, `${role}.sock`);
  if (Buffer.byteLength(path) <= pathBytes) return path;
  throw new TroopError(
    "data_folder_invalid",
    `The path of the ${role}'s socket is longer than the ${pathBytes} bytes that systems allow: ${path}`,
  );
}

export interface RoleCall {
  socketPath: string;
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: object;
  timeoutMs: number;
  clock: Clock;
}

/**
 * The answer, parsed; undefined where nobody listens.
 * @throws TroopError `timeout`, or what the role refuses
 */
export async function callRole(call: RoleCall): Promise<unknown> {
  const { socketPath, method, path, body, timeoutMs, clock } = call;
  const late = new TroopError("timeout", "No answer came in time.");
  using limit = deadline(clock, timeoutMs, late);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; said: string }>();
  const headers = body ? { "content-type": "application/json" } : {};
  // A connection of its own: one that was kept may lead to a role that has ended since.
  const asked = request(
    { socketPath, method, path, headers, signal: limit.signal, agent: false },
    (answer) => {
      text(answer).then((said) => resolve({ status: answer.statusCode!, said }), reject);
    },
  );
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
    // The socket of a role that was killed stays, and nobody listens at it.
    if (isNobody(error)) return undefined;
    throw error;
  }
}

const isNobody = (error: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "");
