/** A program that is killed, paused and started again. It ends with this process, unless that is killed itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";

export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the first line of standard output; rejects where the program ends without one. */
  readonly firstLine: Promise<string>;
  readonly isRunning: boolean;
  /** To it and to all it has started. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** SIGKILL to it and to all it has started; resolves when they are gone. */
  kill(): Promise<void>;
}

const running = new Set<number>();
process.once("exit", () => {
  for (const pid of running) for (const each of [...childrenOf(pid), pid]) sendTo(each, "SIGKILL");
});
// Whoever has seen enough leaves nothing running.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

export function startProgram(
  command: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Program {
  const [name = "", ...words] = command;
  const child = spawn(name, words, {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid!;
  running.add(pid);
  const said = { stdout: "", stderr: "" };
  const ended = once(child, "close").then(() => void running.delete(pid));
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]
      .setEncoding("utf8")
      .on("data", (text: string) => (said[stream] = (said[stream] + text).slice(-8_192)));
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", () => {
      if (said.stdout.includes("\n")) resolve(said.stdout.split("\n")[0]!);
    });
    void ended.then(() =>
      reject(new Error(`${command.join(" ")} ended:\n${said.stdout}${said.stderr}`)),
    );
  });
  // Somebody may start a program and never ask for its line.
  firstLine.catch(() => undefined);
  const kill = async () => {
    // Stopped first, so that it starts nothing more while its children are looked for.
    sendTo(pid, "SIGSTOP");
    for (const each of [...childrenOf(pid), pid]) sendTo(each, "SIGKILL");
    await ended;
  };
  return {
    pid,
    firstLine,
    get isRunning() {
      return running.has(pid);
    },
    signal(name) {
      const family = [pid, ...childrenOf(pid)];
      for (const each of name === "SIGSTOP" ? family : family.toReversed()) sendTo(each, name);
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** All that a process has started, as Linux tells it. */
function childrenOf(pid: number): number[] {
  const direct = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
  return direct.flatMap((child) => [child, ...childrenOf(child)]);
}

function parentOf(pid: string): number | undefined {
  try {
    // The name in brackets may hold anything; the parent is the second field after it.
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1]);
  } catch {
    return undefined;
  }
}
