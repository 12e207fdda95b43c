/** `troop relay`: carries sealed requests to workers that nobody can reach, until it is told to stop. */
import { startRelay } from "../../relay/start.ts";
import { readRelayConfig } from "../../relay/config.ts";
import { type CommandContext, coordinatorUrl, reachCoordinator } from "../context.ts";
import { measured } from "../measured.ts";
import { listenFlag, type ListenFlags, namingPortHolder } from "../port-flag.ts";
import { untilStopped } from "../until-stopped.ts";

export interface RelayFlags extends ListenFlags {
  publicUrl?: string;
}

export async function relay(context: CommandContext, flags: RelayFlags): Promise<void> {
  const { output, environment } = context;
  const coordinator = coordinatorUrl(context);
  const settings = readRelayConfig(environment, {
    coordinatorUrl: coordinator,
    listen: listenFlag(flags),
    publicUrl: flags.publicUrl,
  });
  await reachCoordinator(context);
  await using running = await namingPortHolder(flags, () => startRelay(settings, context));
  await using _measured = await measured(context, running);
  output.say(`Relay ready at ${output.bold(running.url)}`);
  output.say(`  workers    troop worker --coordinator ${coordinator} --relay ${running.url}`);
  output.say(`  operator   RELAYS_ALLOWED=${running.url} where the coordinator runs`);
  output.json({ url: running.url });
  await untilStopped(context.shutdown);
  output.note("Finishing what runs; press Ctrl-C again to stop at once.");
}
