/** Coding agents as their makers ship them, each with a home and a project of its own. */
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
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

/** In front of everything else on the PATH: the agents, and the Node that runs those which are scripts. */
export async function agentPath(): Promise<string> {
  const packages = await installPinned(import.meta.dirname, "test-agents", {
    say: (text) => console.error(text),
  });
  const modules = join(packages, "node_modules");
  const kind = `${process.platform}-${process.arch}`;
  // Their launchers look for one of several builds; these are what every machine of the kind can run.
  const builds = [join(`opencode-${kind}`, "bin"), `@anthropic-ai/claude-code-${kind}`, ".bin"];
  const folders = builds.map((folder) => join(modules, folder));
  return [...folders, dirname(process.execPath), process.env["PATH"]].join(delimiter);
}

/** @param words what is typed behind its name */
export async function runAgent(
  { home, project }: Workplace,
  name: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Exit> {
  const PATH = await agentPath();
  return startProgram(name, words, {
    folder: project,
    // Nobody's own settings, and nothing fetched but what the test gives.
    environment: {
      ...{ PATH, HOME: home, CODEX_HOME: join(home, ".codex") },
      ...{ XDG_CACHE_HOME: join(home, "cache"), ...environment },
    },
  }).ended;
}
