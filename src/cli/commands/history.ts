/**
 * `troop history` and `troop history clear`: the responses that the sidecar keeps for applications to go on from. It
 * reads the same file with each request, so that what is cleared here is gone for it too, also while it runs.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createResponseStore, type ResponseStore } from "../../client/responses/response-store.ts";
import { responsesFile } from "../../client/responses/responses.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import type { CommandContext } from "../context.ts";

export async function showHistory(context: CommandContext): Promise<void> {
  const { output } = context;
  const { count, bytes, since } = withHistory(context, (store) => store.kept()) ?? nothing;
  if (count === 0) output.say("No response is kept here.");
  else {
    output.say(`${responses(count)}, ${size(bytes)}, the oldest of ${day(since)}.`);
    output.say("To forget them: troop history clear");
  }
  output.json({ responses: count, bytes, since: since && isoDate(since) });
}

export async function clearHistory(
  context: CommandContext,
  flags: { yes?: boolean },
): Promise<void> {
  const { output, questions } = context;
  const { count, bytes } = withHistory(context, (store) => store.kept()) ?? nothing;
  const preview = [
    `Forget ${responses(count)}, ${size(bytes)}. They cannot be brought back.`,
    "An application that goes on from one has to send its conversation anew.",
  ];
  if (bytes > 0 && !(await questions.mayGoOn(preview, flags)))
    return output.note("Nothing was forgotten.");
  const cleared = withHistory(context, (store) => store.clear()) ?? 0;
  output.say(bytes === 0 ? "No response is kept here." : `Forgotten: ${responses(cleared)}.`);
  output.json({ cleared });
}

const nothing = { count: 0, bytes: 0, since: null };

/** Undefined where nothing was ever kept. */
function withHistory<Result>(
  { config }: CommandContext,
  use: (store: ResponseStore) => Result,
): Result | undefined {
  const folder = join(config.dataFolder, "client");
  if (!existsSync(join(folder, responsesFile))) return undefined;
  using database = openLocalDatabase(folder, responsesFile);
  return use(createResponseStore(database));
}

const responses = (count: number): string => (count === 1 ? "1 response" : `${count} responses`);
const mebibyte = 1_024 * 1_024;
const size = (bytes: number): string =>
  bytes < mebibyte ? `${Math.ceil(bytes / 1_024)} KiB` : `${(bytes / mebibyte).toFixed(1)} MiB`;
const isoDate = (seconds: number): string => new Date(seconds * 1_000).toISOString();
const day = (seconds: number | null): string =>
  seconds === null ? "" : isoDate(seconds).slice(0, 10);
