/** `troop down`: ends what runs here, and waits until it has ended. */
import { sleep } from "../../base/clock.ts";
import { isAlive } from "../../host/note-holder.ts";
import { readRunFile } from "../../host/run-file.ts";
import type { ServiceRole } from "../../host/service/service.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CommandContext } from "../context.ts";
import {
  roleNames,
  runningHere,
  type RunningRole,
  sameFolder,
  type StoppableRole,
  stoppableRoles,
} from "../running-here.ts";
import { again } from "../typed-command.ts";
import { untilStopped } from "../until-stopped.ts";
import { callHere } from "../worker-control.ts";
import { serviceOf } from "./service/running.ts";

export interface DownFlags {
  roles?: string[];
}

const lookMs = 200;

export async function down(context: CommandContext, { roles = [] }: DownFlags): Promise<void> {
  const { output, config } = context;
  const wanted = readRoles(roles);
  const looked = await Promise.all(wanted.map((role) => runningHere(context, role)));
  const running = looked.filter((each) => each !== undefined);
  // Nothing is ended where one of them may not be.
  for (const each of running) await mustBeOurs(context, each);
  const stopped: { role: StoppableRole; url: string; pid: number; clean: boolean }[] = [];
  for (const each of running) {
    const { role, url, pid } = each;
    stopped.push({ role, url, pid, clean: await end(context, each) });
  }
  if (stopped.length === 0) {
    const what = wanted.map((role) => roleNames[role]).join(", ");
    output.say(roles.length === 0 ? "Nothing runs here." : `Here does not run: ${what}.`);
    output.note(`Looked in ${config.dataFolder}. Another folder: --data <folder>`);
  }
  output.json({ stopped });
}

const serviceNames: Record<StoppableRole, ServiceRole> = {
  ...{ client: "up", worker: "worker", coordinator: "coordinator" },
};

function readRoles(words: readonly string[]): readonly StoppableRole[] {
  const named = words.map((word) => {
    const role = stoppableRoles.find((known) => known === word || serviceNames[known] === word);
    if (role) return role;
    const known = "worker, client (or up), coordinator";
    throw new TroopError("usage", `There is no role ${JSON.stringify(word)}: ${known}.`);
  });
  return named.length === 0
    ? stoppableRoles
    : stoppableRoles.filter((role) => named.includes(role));
}

/** @throws TroopError `not_ours_to_end` */
async function mustBeOurs(context: CommandContext, running: RunningRole): Promise<void> {
  const { role, pid, isSeen } = running;
  const service = await serviceOf(context, serviceNames[role], pid);
  if (service)
    throw new TroopError(
      "not_ours_to_end",
      `${roleNames[role]} is the service ${service.name}, which its manager would start again.`,
      { details: { run: service.stop } },
    );
  if (isSeen) return;
  throw new TroopError(
    "not_ours_to_end",
    `The process ${pid}, which is to be ${roleNames[role]}, is another user's.`,
    { details: { run: `sudo ${again}` } },
  );
}

/** @returns whether it ended in order, rather than being killed while it did */
async function end(context: CommandContext, running: RunningRole): Promise<boolean> {
  const { output, config } = context;
  const { role, pid } = running;
  const name = roleNames[role];
  output.note(`Ending ${name} (pid ${pid}).`);
  if (!signal(pid)) return true;
  await gone(context, running);
  // One that ends in order takes its note along.
  const isClean = readRunFile(config.dataFolder, role)?.pid !== pid;
  output.say(`${sentence(name)} has ended${isClean ? "." : ", and not in order: it was killed."}`);
  if (!isClean) output.note(`What it wrote down last: troop logs${sameFolder(context)}`);
  return isClean;
}

/** @throws the reason of `shutdown`, where whoever waits has had enough */
async function gone(context: CommandContext, { role, pid }: RunningRole): Promise<void> {
  const { output, clock, shutdown } = context;
  const isGone = new AbortController();
  // A pause alone would not keep this command from ending.
  void untilStopped(AbortSignal.any([shutdown, isGone.signal]));
  let said = "";
  while (isAlive(pid) && !shutdown.aborted) {
    const remains = role === "worker" ? await remainsOf(context) : "";
    if (remains !== said && remains !== "") output.note(remains);
    said = remains;
    await sleep(clock, lookMs, shutdown);
  }
  isGone.abort();
  if (!shutdown.aborted) return;
  output.note(`Not waited for: ${roleNames[role]} goes on ending by itself.`);
  throw shutdown.reason;
}

const sentence = (name: string) => `${name[0]!.toUpperCase()}${name.slice(1)}`;

/** @returns false where it has ended in the meantime */
function signal(pid: number): boolean {
  try {
    return process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** What a worker that ends still does; empty where it does not say. */
async function remainsOf(context: CommandContext): Promise<string> {
  try {
    const answer = await callHere(context, { method: "GET", path: "/status" });
    const { slots, receipts_waiting } = (answer ?? {}) as Partial<WorkerRemains>;
    const parts = [
      slots?.active ? `completes ${slots.active} running` : "",
      receipts_waiting ? `${receipts_waiting} receipts are on their way` : "",
    ].filter(Boolean);
    return parts.length > 0 ? `The worker: ${parts.join(", ")}.` : "";
  } catch {
    return "";
  }
}

interface WorkerRemains {
  slots: { active: number };
  receipts_waiting: number;
}
