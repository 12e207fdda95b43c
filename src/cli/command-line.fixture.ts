/** `troop` in this process, with a terminal of the test's own and a data folder for each machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Environment } from "../host/env.ts";
import { runCli } from "./cli.ts";

export interface Told {
  code: number;
  stdout: string;
  stderr: string;
  /** The last line of stdout, where it is an object. */
  // Tests look into answers of every shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any;
}

export interface Machine extends Disposable {
  readonly folder: string;
  troop(...words: string[]): Promise<Told>;
  /** Without naming the coordinator. */
  troopAlone(...words: string[]): Promise<Told>;
  /** With this on standard input. */
  troopWith(input: string, ...words: string[]): Promise<Told>;
  /** With a person who types this at the first question. */
  troopAsked(keys: string, ...words: string[]): Promise<Told>;
}

function capture() {
  const stream = new PassThrough();
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { stream, text: () => text };
}

async function run(
  words: string[],
  stdin: NodeJS.ReadableStream & { isTTY?: boolean },
  isTTY: boolean,
  environment: Environment,
  onQuestion?: () => void,
): Promise<Told> {
  const [stdout, stderr] = [capture(), capture()];
  if (onQuestion) stderr.stream.once("data", () => onQuestion());
  const code = await runCli(words, {
    terminal: { stdin, stdout: stdout.stream, stderr: Object.assign(stderr.stream, { isTTY }) },
    environment,
    shutdown: new AbortController().signal,
  });
  // What was written last may not have come through yet.
  for (const { stream } of [stdout, stderr]) await finished(stream.end());
  const last = stdout.text().trimEnd().split("\n").at(-1) ?? "";
  const json: unknown = last.startsWith("{") ? JSON.parse(last) : undefined;
  return { code, stdout: stdout.text(), stderr: stderr.text(), json };
}

/** `troop` with nobody at the keyboard. */
export const typeTroop = (words: string[], environment: Environment): Promise<Told> =>
  run(words, Readable.from([]), false, environment);

/**
 * @param coordinatorUrl given to each command that takes one
 * @param more variables beside those that every machine here has
 */
export function createMachine(coordinatorUrl: string, more: Environment = {}): Machine {
  const folder = mkdtempSync(join(tmpdir(), "troop-machine-"));
  const environment = { DATA_DIR: folder, LOG_LEVEL: "silent", ...more };
  const isLocal = ([command, part = ""]: string[]) =>
    ["chat", "launch"].includes(command ?? "") || ["export", "import", "--url"].includes(part);
  const full = (words: string[]) =>
    isLocal(words) ? words : [...words, "--coordinator", coordinatorUrl];
  return {
    folder,
    troop: (...words) => typeTroop(full(words), environment),
    troopAlone: (...words) => typeTroop(words, environment),
    troopWith: (input, ...words) => run(full(words), Readable.from([input]), false, environment),
    troopAsked(keys, ...words) {
      const typed = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
      return run(full(words), typed, true, environment, () =>
        setImmediate(() => typed.write(keys)),
      );
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
