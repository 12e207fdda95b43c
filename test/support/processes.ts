/** Real processes: `troop` commands with folders and ports of their own, killed when the test is over. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { repository } from "../house-rules/source-files.ts";

/** Also ended where a test ran into its time limit and disposed of nothing. */
const alive = new Set<ChildProcess>();
afterAll(() => {
  for (const child of alive) child.kill("SIGKILL");
});

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the first line, of either output, that matches. Rejects where the process ends without it. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Exit>;
  readonly ended: Promise<Exit>;
}

export interface StartOptions {
  environment?: NodeJS.ProcessEnv;
  folder?: string;
  /** Starts a session of its own, so that a signal to `-pid` reaches what it started, as a terminal's Ctrl-C does. */
  isDetached?: boolean;
}

/** What is handed down: enough to find programs, caches and proxies, and nothing that sets up `troop` itself. */
const inherited =
  /^(PATH|HOME|LANG|LC_.*|TMPDIR|XDG_CACHE_HOME|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|(http|https|no|all)_proxy|npm_config_.*)$/i;

export const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name)));

/** A machine that runs tests is in use, and whoever sits at it, or has an account on it, and how fast it is, is not what the tests are about. */
const nobodyHere = { OWNER_WATCH: "off", TROOP_API_KEY: "any", PROVE_HARDWARE: "off" };

/** Of what a process does until it is ready, half is compiling the same files as the one before. */
const compiled = { NODE_COMPILE_CACHE: join(repository, "node_modules", ".cache", "compiled") };

export function startProgram(
  command: string,
  words: readonly string[],
  { environment, folder = repository, isDetached = false }: StartOptions = {},
): Running {
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...plainEnvironment(), ...nobodyHere, ...compiled, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: isDetached,
  });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  const output = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const look of watchers) look();
    });
  }
  const ended = once(child, "close").then(
    ([code, signal]) => ({ code, signal, ...output }) as Exit,
  );
  const end = (signal: NodeJS.Signals = "SIGKILL") => {
    child.kill(signal);
    return ended;
  };
  return {
    pid: child.pid!,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    line(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output.stdout) ?? pattern.exec(output.stderr);
          if (!found) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look();
        void ended.then(({ code, signal }) =>
          reject(
            new Error(
              `${command} ${words.join(" ")} ended (${code ?? signal}) without ${String(pattern)}:\n${output.stdout}\n${output.stderr}`,
            ),
          ),
        );
      });
    },
    end,
    ended,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

export const launcher = join(repository, "bin", "troop.mjs");

export const startTroop = (words: readonly string[], options: StartOptions = {}): Running =>
  startProgram(process.execPath, [launcher, ...words], options);

/** Runs a command to its end. */
export const runTroop = (words: readonly string[], options: StartOptions = {}): Promise<Exit> =>
  startTroop(words, options).ended;

/** The object that `--json` leaves as the last line of stdout. */
export function lastObject({ stdout, stderr }: Pick<Exit, "stdout" | "stderr">): unknown {
  const line = stdout.trimEnd().split("\n").at(-1);
  if (!line) throw new Error(`nothing on stdout; on stderr: ${stderr}`);
  return JSON.parse(line);
}

/** An empty folder, removed in the end. */
export async function createFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "troop-test-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Listens on a port and answers nothing. */
export async function holdPort(): Promise<AsyncDisposable & { port: number }> {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
