/**
 * `troop worker block`, `unblock`, `blocked` and `report`: whom this machine is not lent to. Where the worker runs it is
 * told, and heeds it with the next request; else it is written where the next start finds it.
 */
import { z } from "zod";
import { ensureFolder } from "../../../host/folders.ts";
import { openLocalDatabase } from "../../../host/local-database.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { thumbprintText } from "../../../protocol/ids.ts";
import { guestVerbs } from "../../../worker/guests/guest-verbs.ts";
import { createGuests } from "../../../worker/guests/guests.ts";
import { createGuestsStore, guestsFile } from "../../../worker/guests/guests-store.ts";
import { readGuestSettings } from "../../../worker/guests/config.ts";
import { createJobsStore } from "../../../worker/jobs/jobs-store.ts";
import { workerFile } from "../../../worker/worker.ts";
import type { CommandContext } from "../../context.ts";
import { callHere, workerFolder } from "../../worker-control.ts";

interface Call {
  method: "GET" | "POST";
  path: string;
  body?: object;
}

async function decide(context: CommandContext, call: Call): Promise<unknown> {
  const answer = await callHere(context, call);
  if (answer !== undefined) return answer;
  const { clock, log } = context;
  const folder = ensureFolder(workerFolder(context));
  using database = openLocalDatabase(folder, guestsFile);
  using worked = openLocalDatabase(folder, workerFile);
  const { requesterOf } = createJobsStore(worked);
  const guests = createGuests({
    ...{ settings: readGuestSettings({}), store: createGuestsStore(database), requesterOf },
    ...{ now: clock.now, log },
  });
  return await guestVerbs(guests)[`${call.method} ${call.path}`]!(call.body);
}

interface Requester {
  requester: string;
}

export async function blockRequester(context: CommandContext, { requester }: Requester) {
  const { output } = context;
  // Part of one would block nobody, and be taken for done.
  if (!thumbprintText.safeParse(requester).success)
    throw new TroopError(
      "usage",
      "A requester is named by all 43 characters that `troop worker status` shows.",
      { details: { run: "troop worker status" } },
    );
  const answer = await decide(context, { method: "POST", path: "/block", body: { requester } });
  output.say(`Blocked: nothing more is computed here for ${requester}.`);
  output.json(answer);
}

const unblocked = z.object({ was_blocked: z.boolean() });

export async function unblockRequester(context: CommandContext, { requester }: Requester) {
  const { output } = context;
  const call = { method: "POST", path: "/unblock", body: { requester } } as const;
  const answer = await decide(context, call);
  const { was_blocked } = unblocked.parse(answer);
  output.say(was_blocked ? `Lent to again: ${requester}.` : `It was not blocked: ${requester}.`);
  output.json(answer);
}

const blockedList = z.object({ blocked: z.array(z.string()) });

export async function showBlocked(context: CommandContext): Promise<void> {
  const { output } = context;
  const answer = blockedList.parse(await decide(context, { method: "GET", path: "/blocked" }));
  if (answer.blocked.length === 0) output.say("Nobody is blocked.");
  for (const requester of answer.blocked) output.say(requester);
  output.json(answer);
}

const reported = z.object({ hold: z.string(), requester: z.string().nullable() });

export async function reportRequest(
  context: CommandContext,
  { hold: named, reason = "" }: { hold: string; reason?: string },
): Promise<void> {
  const { output } = context;
  // A request's name is its hold and its number there.
  const hold = named.replace(/\.\d+$/, "");
  const body = { hold, reason };
  const answer = reported.parse(await decide(context, { method: "POST", path: "/report", body }));
  output.say(
    `Kept on this machine. The coordinator takes no reports yet: tell its operator ${hold}.`,
  );
  if (answer.requester)
    output.say(`To lend to them no more: troop worker block ${answer.requester}`);
  output.json({ ...answer, told_coordinator: false });
}
