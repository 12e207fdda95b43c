/** A folder with a program `nvidia-smi` that shows one GPU as loaded as it is told. */
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFolder } from "./processes.ts";

export interface ShownGpu {
  /** Percent. */
  load: number;
  temperature?: number;
  /** Percent by program, for `pmon`. */
  processes?: Record<string, number>;
}

export interface FakeNvidiaSmi extends AsyncDisposable {
  /** For whoever runs it. */
  readonly environment: { PATH: string };
  show(gpu: ShownGpu): Promise<void>;
  /** From now on it fails, as after a driver's update. */
  breakDown(): Promise<void>;
  /** Words of each call, joined by spaces. */
  calls(): Promise<string[]>;
}

export async function createFakeNvidiaSmi(first: ShownGpu): Promise<FakeNvidiaSmi> {
  const made = await createFolder();
  const { path } = made;
  /** In one step: the program may be reading. */
  const put = async (name: string, text: string) => {
    await writeFile(join(path, `${name}.new`), text);
    await rename(join(path, `${name}.new`), join(path, name));
  };
  const show = async ({ load, temperature = 40, processes = {} }: ShownGpu) => {
    const rows = Object.entries(processes).map(
      ([name, percent], index) => `    0  ${1_000 + index}  C  ${percent}  10  -  -  -  -  ${name}`,
    );
    await put("pmon", `# gpu pid type sm mem enc dec jpg ofa command\n${rows.join("\n")}\n`);
    await put("gpus", `0, ${load}, 1024, 24576, ${temperature}\n`);
  };
  await show(first);
  const lines = [
    "#!/bin/sh",
    `cd '${path}' || exit 99`,
    'echo "$*" >> calls',
    'case "$1" in pmon) exec cat pmon ;; *) exec cat gpus ;; esac',
  ];
  await writeFile(join(path, "nvidia-smi"), `${lines.join("\n")}\n`);
  await chmod(join(path, "nvidia-smi"), 0o700);
  return {
    environment: { PATH: `${path}:/usr/bin:/bin` },
    show,
    breakDown: () =>
      put("nvidia-smi", "#!/bin/sh\nexit 9\n").then(() => chmod(join(path, "nvidia-smi"), 0o700)),
    calls: async () =>
      (await readFile(join(path, "calls"), "utf8").catch(() => "")).split("\n").filter(Boolean),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}
