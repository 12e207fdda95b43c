/** `troop completion`: a shell's script, and the answers that the script asks for while somebody types. */
import type { Command } from "commander";
import { request } from "undici";
import { z } from "zod";
import { deadline } from "../../base/clock.ts";
import { knownApiKey } from "../../host/api-key.ts";
import { readRunFile } from "../../host/run-file.ts";
import { shellWord } from "../../host/shell-word.ts";
import type { CommandContext } from "../context.ts";
import { type Candidate, expectedAt, type Named } from "./completion/candidates.ts";
import { scripts, type Shell } from "./completion/scripts.ts";

export interface CompletionFlags {
  shell: Shell;
  /** Behind `--`: the line so far, less `troop`. */
  words?: string[];
}

export const completion =
  (program: Command) =>
  async (context: CommandContext, { shell, words = [] }: CompletionFlags): Promise<void> => {
    const { output } = context;
    if (words.length === 0) {
      output.stream(scripts[shell]);
      return output.json({ shell, script: scripts[shell] });
    }
    const { candidates, named } = expectedAt(program, words);
    const more = named ? await namesHere(context, named, words.at(-1) ?? "") : [];
    // Names come from others, and what a shell is handed it may run: nothing that would have to be quoted.
    const all = [...candidates, ...more].filter(({ value }) => shellWord(value) === value);
    for (const { value, about } of all) output.say(about ? `${value}\t${about}` : value);
    output.json({ candidates: all.map(({ value }) => value) });
  };

/** Nobody waits for a shell that waits for a network: only the local API is asked, if it runs. */
const patienceMs = 1_000;

const sources = {
  models: {
    path: "/v1/models",
    read: (answer: unknown) =>
      z.object({ data: z.array(z.object({ id: z.string() })) }).parse(answer).data.map(({ id }) => id), // prettier-ignore
  },
  nodes: {
    path: "/status",
    read: (answer: unknown) =>
      z.object({ tickets: z.array(z.object({ node: z.string() })) }).parse(answer).tickets.map(({ node }) => node), // prettier-ignore
  },
} as const satisfies Record<Named, { path: string; read: (answer: unknown) => string[] }>;

async function namesHere(
  { config, environment, clock }: CommandContext,
  named: Named,
  typed: string,
): Promise<Candidate[]> {
  const note = readRunFile(config.dataFolder, "client");
  if (!note) return [];
  using limit = deadline(clock, patienceMs, new Error("too late for a shell"));
  const { path, read } = sources[named];
  try {
    const key = knownApiKey(environment, config.dataFolder);
    const response = await request(note.url + path, {
      signal: limit.signal,
      headers: key === undefined ? {} : { "x-api-key": key },
    });
    const names = [...new Set(read(await response.body.json()))];
    return names.filter((name) => name.startsWith(typed)).map((value) => ({ value, about: "" }));
  } catch {
    // Somebody is typing: nothing is said of what does not answer.
    return [];
  }
}
