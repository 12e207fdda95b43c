/** Processes that a benchmark starts and, however it ends, ends with itself. */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { KeptServer } from "../../tools/services/kept-server.ts";
import { loopback, untilReady } from "../../tools/services/ready.ts";

export interface Running extends KeptServer {
  readonly pid: number;
}

/** A program of ours, which answers one question at a time. */
export interface Helper<Question, Answer> extends AsyncDisposable {
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
}

const alive = new Map<ChildProcess, NodeJS.Signals>();

/** With the first process that is started: whoever starts none keeps what a signal does by itself. */
function watchOwnEnd(): void {
  if (process.listenerCount("exit", endAll) > 0) return;
  process.once("exit", endAll);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
}

function endAll(): void {
  for (const [child, signal] of alive) child.kill(signal);
}

function keep(child: ChildProcess, stopSignal: NodeJS.Signals) {
  watchOwnEnd();
  alive.set(child, stopSignal);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4_096)));
  const ended = once(child, "exit").then(() => void alive.delete(child));
  return {
    said: () => said,
    async [Symbol.asyncDispose]() {
      child.kill(stopSignal);
      await ended;
    },
  };
}

/** @param stopSignal SIGTERM for whoever has to tell its own children, or writes something at its end */
export function startCommand(
  [program = "", ...words]: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  stopSignal: NodeJS.Signals = "SIGKILL",
): Running {
  const child = spawn(program, words, {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kept = keep(child, stopSignal);
  let failure: string | undefined;
  child.once("exit", (code, signal) => {
    failure = `${program} ${words.join(" ")} ended (${code ?? signal})\n${kept.said()}`;
  });
  return {
    pid: child.pid!,
    failure: () => failure,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

export const untilListening = (server: KeptServer, port: number): Promise<void> =>
  untilReady(server, async () => {
    const socket = connect(port, loopback);
    try {
      await once(socket, "connect");
    } finally {
      socket.destroy();
    }
  });

/** Resolves with the helper and the first thing it said. It ends when this process does, even if that is killed. */
export async function startHelper<Question extends object, Answer>(
  program: URL,
  words: readonly string[] = [],
): Promise<{ helper: Helper<Question, Answer>; ready: unknown }> {
  const child = fork(program, words, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const kept = keep(child, "SIGKILL");
  const next = async () => {
    const gone = new AbortController();
    const ended = once(child, "exit", gone).then(() => {
      throw new Error(`${program.pathname} ended\n${kept.said()}`);
    });
    // Once the message is there nobody asks about the end.
    ended.catch(() => undefined);
    try {
      const [message] = await Promise.race([once(child, "message", gone), ended]);
      return message as unknown;
    } finally {
      gone.abort();
    }
  };
  const ready = await next();
  const helper: Helper<Question, Answer> = {
    pid: child.pid!,
    async ask(question) {
      const answer = next();
      child.send(question);
      const said = (await answer) as { failure?: string };
      if (said.failure !== undefined) throw new Error(said.failure);
      return said as Answer;
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
  return { helper, ready };
}
