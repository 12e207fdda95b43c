/**
 * A server that lives exactly as long as a pipe to this process stays open.
 *
 * A small shell, in a session of its own, stands between us and the server and reads that pipe. Closing it is how we
 * stop the server; the kernel closes it too when this process is killed with SIGKILL, so nothing is left running.
 * `PR_SET_PDEATHSIG` was rejected: it is cleared when the server drops root, and Node cannot set it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface ServerCommand {
  /** The program and its arguments. */
  command: readonly string[];
  /** Signal that makes this server stop at once. */
  stopSignal: "TERM" | "QUIT";
  /** The server's own folder: its working directory, removed after it has ended. */
  folder: string;
}

export interface KeptServer extends AsyncDisposable {
  /** Why the server has ended by itself, or `undefined` while it runs. */
  failure(): string | undefined;
}

/** A kept server that answers at `url`. */
export interface RunningService extends AsyncDisposable {
  url: string;
}

// dash gives a background job /dev/null as standard input, so the pipe is moved to descriptor 3 first. A client that
// connects and then says nothing can hold up a server's end for a minute, hence the second signal.
const keeper = `
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" 3<&- & server=$!
( read -r _ <&3; kill -s "$signal" "$server"; sleep 5; kill -s KILL "$server" ) 2>/dev/null & watcher=$!
wait "$server"; status=$?
kill "$watcher" 2>/dev/null
cd /; rm -rf "$folder"
exit "$status"
`;

const keptCharacters = 4096;

export function startKeptServer({ command, stopSignal, folder }: ServerCommand): KeptServer {
  const child = spawn("/bin/sh", ["-c", keeper, "keeper", folder, stopSignal, ...command], {
    cwd: folder,
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
  });
  const ended = once(child, "exit");
  let said = "";
  let failure: string | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-keptCharacters);
  });
  child.once("exit", (code) => {
    failure = `a test server ended with status ${code}: ${command.join(" ")}\n${said}`.trimEnd();
  });
  return {
    failure: () => failure,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
