/** `troop coordinator`: runs one until it is told to stop. */
import { join } from "node:path";
import { readCoordinatorConfig } from "../../coordinator/config.ts";
import { startCoordinator } from "../../coordinator/coordinator.ts";
import { ensureFolder } from "../../host/folders.ts";
import { leaveRunFile } from "../../host/run-file.ts";
import type { CommandContext } from "../context.ts";
import { listenFlag, type ListenFlags, namingPortHolder } from "../port-flag.ts";
import { untilStopped } from "../until-stopped.ts";

export interface CoordinatorFlags extends ListenFlags {
  publicUrl?: string;
}

export async function coordinator(context: CommandContext, flags: CoordinatorFlags): Promise<void> {
  const { output, environment, config } = context;
  const settings = readCoordinatorConfig(environment, {
    dataFolder: ensureFolder(join(config.dataFolder, "coordinator")),
    listen: listenFlag(flags),
    publicUrl: flags.publicUrl,
  });
  await using running = await namingPortHolder(flags, () => startCoordinator(settings, context));
  using _note = leaveRunFile(config.dataFolder, "coordinator", {
    url: running.url,
    pid: process.pid,
    coordinator: running.url,
  });
  output.say(`Coordinator ready at ${output.bold(running.url)}`);
  output.say(`  lend    troop worker --coordinator ${running.url}`);
  output.say(`  borrow  troop up --coordinator ${running.url}`);
  output.json({ url: running.url });
  await untilStopped(context.shutdown);
  output.note("Stopping…");
}
