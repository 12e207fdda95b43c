/** `troop worker resume`: lends again after a pause. */
import type { CommandContext } from "../../context.ts";
import { tellWorker } from "../../worker-control.ts";

export async function resumeWorker(context: CommandContext): Promise<void> {
  const { output } = context;
  const status = await tellWorker(context, { method: "POST", path: "/resume" });
  const { state, detail } = status.presence;
  if (status.status === "DRAINING")
    output.say("It is finishing and takes nothing more. Start it again once it has ended.");
  else if (state === "present")
    output.say(`Resumed. It lends again after 30 quiet seconds: ${detail}.`);
  else output.say("Lending again.");
  output.json(status);
}
