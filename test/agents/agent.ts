/** Coding agents as their makers ship them, each with a home and a project of its own. */
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPinned } from "../../tools/pinned-packages.ts";
import { type Exit, startProgram } from "../support/processes.ts";

export interface Workplace extends AsyncDisposable {
  /** The agent's home: settings, caches, history. */
  readonly home: string;
  /** The folder that it works in. */
  readonly project: string;
}

export async function makeWorkplace(files: Readonly<Record<string, string>>): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "troop-agent-"));
  const [home, project] = [join(folder, "home"), join(folder, "project")];
  for (const made of [home, project]) await mkdir(made);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return {
    home,
    project,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const install = () =>
  installPinned(import.meta.dirname, "test-agents", { say: (text) => console.error(text) });

/** Where a package keeps its file, among those that are pinned for the agents. */
async function find(file: string): Promise<string> {
  return createRequire(join(await install(), "package.json")).resolve(file);
}

/** Their launchers look for one of several builds; the first is what every machine of the kind can run. */
const openCodeOf = (): string => `opencode-${process.platform}-${process.arch}`;

/** @param words what is typed behind its name */
export async function runCodex(place: Workplace, words: readonly string[]): Promise<Exit> {
  const launcher = await find("@openai/codex/bin/codex.js");
  return run(place, process.execPath, [launcher, ...words]);
}

/** @param words what is typed behind its name */
export async function runOpenCode(place: Workplace, words: readonly string[]): Promise<Exit> {
  const program = join(await install(), "node_modules", openCodeOf(), "bin", "opencode");
  return run(place, program, words);
}

const run = ({ home, project }: Workplace, command: string, words: readonly string[]) =>
  startProgram(command, words, {
    folder: project,
    // Nobody's own settings, and nothing fetched but what the test gives.
    environment: {
      HOME: home,
      CODEX_HOME: join(home, ".codex"),
      XDG_CACHE_HOME: join(home, "cache"),
    },
  }).ended;
