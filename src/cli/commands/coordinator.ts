/** `troop coordinator`: runs one until it is told to stop. */
import { join } from "node:path";
import { readCoordinatorConfig } from "../../coordinator/config.ts";
import { startCoordinator } from "../../coordinator/coordinator.ts";
import { ensureFolder } from "../../host/folders.ts";
import { collectAtTwice } from "../../host/heap.ts";
import { isSocket, mustBeFree } from "../../host/listen.ts";
import { leaveRunFile } from "../../host/run-file.ts";
import type { CommandContext } from "../context.ts";
import { measured } from "../measured.ts";
import { mustNotRun } from "../must-not-run.ts";
import { listenFlag, type ListenFlags, namingPortHolder, socketFlag } from "../port-flag.ts";
import { untilStopped } from "../until-stopped.ts";

export interface CoordinatorFlags extends ListenFlags {
  publicUrl?: string;
}

export async function coordinator(context: CommandContext, flags: CoordinatorFlags): Promise<void> {
  await mustNotRun(context, "coordinator");
  collectAtTwice();
  const { output, environment, config } = context;
  const settings = readCoordinatorConfig(environment, {
    dataFolder: ensureFolder(join(config.dataFolder, "coordinator")),
    listen: socketFlag(flags) ?? listenFlag(flags),
    publicUrl: flags.publicUrl,
  });
  await using running = await namingPortHolder(flags, async () => {
    // An embedded database takes seconds to open.
    if (!isSocket(settings.listen)) await mustBeFree(settings.listen);
    return startCoordinator(settings, context);
  });
  // Before anything else can fail, and to nobody but who started this: never as JSON, nor in a log.
  const password = running.operator?.takePassword();
  if (password !== undefined) output.note(`The operator's password, shown this once: ${password}`);
  await using _measured = await measured(context, running);
  using _note = leaveRunFile(config.dataFolder, "coordinator", {
    url: running.url,
    pid: process.pid,
    coordinator: running.url,
  });
  output.say(`Coordinator ready at ${output.bold(running.url)}`);
  output.say(`  lend    troop worker --coordinator ${running.url}`);
  output.say(`  borrow  troop up --coordinator ${running.url}`);
  const desk = running.operator?.url;
  if (desk) output.say(`  operate curl -u <name>:<password> ${desk}/admin/audit`);
  output.json({ url: running.url });
  await untilStopped(context.shutdown);
  output.note("Stopping…");
}
