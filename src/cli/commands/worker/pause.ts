/** `troop worker pause`: the machine is its owner's, until `troop worker resume`. */
import type { CommandContext } from "../../context.ts";
import { tellWorker } from "../../worker-control.ts";

export async function pauseWorker(context: CommandContext): Promise<void> {
  const { output } = context;
  const status = await tellWorker(context, { method: "POST", path: "/pause" });
  const { active } = status.slots;
  output.say("Paused: nothing new is taken, also after a restart. `troop worker resume` goes on.");
  if (active > 0)
    output.say(`What ran (${active}) is ${status.yield === "stop" ? "handed back" : "completed"}.`);
  output.json(status);
}
