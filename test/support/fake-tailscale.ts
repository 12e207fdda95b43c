/** A folder with a program `tailscale` that answers as it is told and writes down what it was given. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFolder } from "./processes.ts";

export interface Told {
  stdout?: string;
  stderr?: string;
  code?: number;
}

export interface FakeTailscale extends AsyncDisposable {
  /** To be put first on the PATH. */
  readonly folder: string;
  /** Words of each call, joined by spaces. */
  calls(): Promise<string[]>;
  /** Everything that others on the machine could have read: words and environments, the caller's too. */
  seen(): Promise<string>;
}

/** @param answers by the first word: `status`, `debug`, `ip`, `up` */
export async function createFakeTailscale(answers: Record<string, Told>): Promise<FakeTailscale> {
  const made = await createFolder();
  const { path } = made;
  for (const [word, { stdout = "", stderr = "", code = 0 }] of Object.entries(answers)) {
    await writeFile(join(path, `${word}.out`), stdout);
    await writeFile(join(path, `${word}.err`), stderr);
    await writeFile(join(path, `${word}.code`), String(code));
  }
  const lines = [
    "#!/bin/sh",
    `cd '${path}' || exit 99`,
    'echo "$*" >> calls',
    "cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/$$/cmdline /proc/$$/environ >> seen 2>/dev/null",
    "env >> seen",
    '[ -f "$1.code" ] || exit 98',
    'cat "$1.out"; cat "$1.err" >&2; exit "$(cat "$1.code")"',
  ];
  await writeFile(join(path, "tailscale"), `${lines.join("\n")}\n`);
  await chmod(join(path, "tailscale"), 0o700);
  const read = (name: string) => readFile(join(path, name), "utf8").catch(() => "");
  return {
    folder: path,
    calls: async () => (await read("calls")).split("\n").filter(Boolean),
    seen: async () => (await read("calls")) + (await read("seen")),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}
