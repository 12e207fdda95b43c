/** Starts the engine's child process and waits until it serves, or says why it does not. */
import { fork, type ChildProcess } from "node:child_process";
import { extname, join } from "node:path";
import { deadline, type Clock } from "../../../base/clock.ts";
import type { ChildMessage, LoadedModelInfo, StartMessage } from "./messages.ts";

/** A large model from a slow disk takes minutes; nothing takes longer than this. */
const loadMs = 15 * 60 * 1_000;
const stopMs = 2_000;
const stderrCharacters = 2_048;

/** The child did not come to serve. `step` says whether the build or the model is to blame. */
export class ChildFailure extends Error {
  readonly step: "engine" | "model";
  constructor(step: "engine" | "model", message: string) {
    super(message);
    this.name = "ChildFailure";
    this.step = step;
  }
}

export interface EngineChild extends AsyncDisposable {
  readonly port: number;
  readonly model: LoadedModelInfo;
  /** Resolves with the reason when the process has ended, for whatever cause. */
  readonly ended: Promise<string>;
}

/** Beside this file, with its extension: `.ts` from source, `.js` in `dist/`, since Node strips no types there. */
const serverFile = join(import.meta.dirname, `server${extname(import.meta.filename)}`);

export interface ChildOptions {
  start: StartMessage;
  clock: Clock;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Rejects with `ChildFailure`, or with the reason of `signal`. */
export async function startChild({
  start,
  clock,
  env,
  signal,
}: ChildOptions): Promise<EngineChild> {
  signal.throwIfAborted();
  // `execArgv` is not inherited: a debugger's port or a test runner's loader is not for the child.
  const child = fork(serverFile, [], {
    env,
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-stderrCharacters);
  });
  const ended = processEnd(child).then(
    (how) => `the engine's process ${how}${stderr ? `: ${stderr.trim()}` : ""}`,
  );
  try {
    const { port, model } = await ready(child, start, ended, clock, signal);
    return { port, model, ended, [Symbol.asyncDispose]: () => stop(child, ended, clock) };
  } catch (error) {
    await stop(child, ended, clock);
    throw error;
  }
}

/** Not by the event `close`, which never comes once the parent has let go of the channel. */
async function processEnd(child: ChildProcess): Promise<string> {
  const drained = new Promise<void>((resolve) => child.stderr!.once("close", resolve));
  const how = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`did not start: ${error.message}`));
    child.once("exit", (code, by) =>
      resolve(by ? `was ended by ${by}` : `ended with code ${code}`),
    );
  });
  if (child.pid !== undefined) await drained;
  return how;
}

async function ready(
  child: ChildProcess,
  start: StartMessage,
  ended: Promise<string>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Extract<ChildMessage, { kind: "ready" }>> {
  const late = new ChildFailure("model", "the model was not loaded in time");
  using limit = deadline(clock, loadMs, late);
  const stopped = AbortSignal.any([signal, limit.signal]);
  return await new Promise((resolve, reject) => {
    stopped.addEventListener("abort", () => reject(stopped.reason), { once: true });
    child.once("message", (message) => {
      const answer = message as ChildMessage;
      if (answer.kind === "ready") resolve(answer);
      else reject(new ChildFailure(answer.step, answer.message));
    });
    // A crash while loading is the native library giving up on the file or on the GPU.
    void ended.then((reason) => reject(new ChildFailure("model", reason)));
    child.send(start, (error) => error && reject(new ChildFailure("engine", error.message)));
  });
}

/** Lets go of the channel, on which the child ends by itself; kills it when it does not. */
async function stop(child: ChildProcess, ended: Promise<string>, clock: Clock): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = clock.timer(stopMs, () => child.kill("SIGKILL"));
  await ended;
  timer.cancel();
}
