/** Starts a role as a process of its own, which goes on when this command and its terminal have gone. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { z } from "zod";
import { packageFolder } from "../host/package.ts";
import { errorCodes, isErrorCode, TroopError } from "../protocol/error-codes.ts";
import type { Verb } from "./account-commands.ts";
import type { CommandContext } from "./context.ts";
import { identityOf } from "./identity.ts";
import { joinFirst, type JoinFlags } from "./join.ts";
import { mustNotRun } from "./must-not-run.ts";
import { roleNames, sameFolder } from "./running-here.ts";

export type BackgroundRole = "up" | "worker";

export interface BackgroundFlags extends JoinFlags {
  daemon?: boolean;
}

/** `--daemon`, for the command of a role. */
export const orInBackground =
  (role: BackgroundRole, verb: Verb): Verb =>
  async (context, flags) => {
    const { daemon, invite } = flags as BackgroundFlags;
    await mustNotRun(context, role === "up" ? "client" : role);
    if (!daemon) return verb(context, flags);
    // Command lines are read by everybody on the machine, and this one would stay.
    if (invite !== undefined) await joinFirst(context, await identityOf(context), { invite });
    const ready = await startInBackground(context, role, wordsBehind(role, context.words));
    context.output.json(ready);
  };

/** What stood behind the role's name, less what is not for the process in the background. */
const wordsBehind = (role: BackgroundRole, words: readonly string[]): string[] =>
  words
    .slice(words.indexOf(role) + 1)
    .filter((word, index, all) => !/^--(daemon|json|invite(=.*)?)$/.test(word) && all[index - 1] !== "--invite"); // prettier-ignore

/** What a role says with `--json` once it is ready. */
const readyLine = z.looseObject({ url: z.string() });
export type Ready = z.infer<typeof readyLine> & { pid: number };

const failedLine = z.object({
  error: z.object({ code: z.string(), reason: z.string(), cause: z.string(), run: z.string() }),
});

/**
 * Resolves with what the role says once it is ready, having told people where.
 * @param words flags of the role
 * @throws TroopError the failure that the role met
 */
export async function startInBackground(
  context: CommandContext,
  role: BackgroundRole,
  words: readonly string[],
): Promise<Ready> {
  const { output, environment, shutdown } = context;
  const launcher = join(packageFolder, "bin", "troop.mjs");
  output.note(`Starting ${roleNames[role === "up" ? "client" : role]} in the background.`);
  const child = spawn(process.execPath, [launcher, role, ...words, "--json"], {
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = () => void child.kill();
  shutdown.addEventListener("abort", stop, { once: true });
  const answer = await firstAnswer(child, (line) => output.note(line));
  shutdown.removeEventListener("abort", stop);
  shutdown.throwIfAborted();
  const failed = failedLine.safeParse(answer).data?.error;
  if (failed) throw failureOf(failed, role, context.output.isJson);
  const ready = readyLine.safeParse(answer).data;
  if (!ready)
    throw new TroopError("internal_error", `troop ${role} ended without a word.`, {
      details: { run: `troop logs --role ${role}` },
    });
  const where = sameFolder(context);
  const key = typeof ready["api_key_file"] === "string" ? ready["api_key_file"] : undefined;
  output.say(
    role === "up"
      ? `Ready in the background: ${output.bold(`${ready.url}/v1`)} (pid ${child.pid})`
      : `Lending in the background at ${output.bold(ready.url)} (pid ${child.pid})`,
  );
  if (key !== undefined) output.say(`Applications must send the key in ${key}.`);
  output.say(`  logs   troop logs --role ${role}${where}`);
  output.say(`  end    troop down ${role}${where}`);
  // From here on nobody reads along.
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return { ...ready, pid: child.pid! };
}

/** The object on its stdout, or undefined where it ended without one. */
async function firstAnswer(
  child: ChildProcessByStdio<null, Readable, Readable>,
  onNote: (line: string) => void,
): Promise<unknown> {
  const found = Promise.withResolvers<unknown>();
  const onLine = (line: string) => {
    if (line.startsWith("{")) found.resolve(JSON.parse(line));
  };
  onEachLine(child.stdout, onLine);
  // Log lines are in the log, and a failure is told by whoever waits.
  onEachLine(child.stderr, (line) => /^(\{|error:|cause:|try: |$)/.test(line) || onNote(line));
  const ended = once(child, "close").then(() => undefined);
  return Promise.race([found.promise, ended]);
}

function onEachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
}

/** As the role told it, with advice for who typed `--daemon`. */
function failureOf(
  { code, reason, cause, run }: { code: string; reason: string; cause: string; run: string },
  role: BackgroundRole,
  isJson: boolean,
): TroopError {
  const known = isErrorCode(code) ? code : "internal_error";
  const isPlain = reason === errorCodes[known].text;
  const advice = run
    .replace(new RegExp(`^(.*\\btroop(?: --)? ${role}) (?!--help)`), "$1 --daemon ")
    .replace(/ --json\b/, isJson ? " --json" : "");
  return new TroopError(known, isPlain ? cause : reason, {
    cause: isPlain ? undefined : new Error(cause),
    details: { run: advice },
  });
}
