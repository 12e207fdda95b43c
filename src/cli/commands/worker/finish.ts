/** `troop worker finish`: completes what runs, takes nothing more, and ends the worker. */
import type { CommandContext } from "../../context.ts";
import { tellWorker } from "../../worker-control.ts";

export async function finishWorker(context: CommandContext): Promise<void> {
  const { output } = context;
  const status = await tellWorker(context, { method: "POST", path: "/finish" });
  const { active } = status.slots;
  output.say(
    active > 0
      ? `Nothing new is taken. The worker ends once the ${active} that run are complete.`
      : "Nothing runs: the worker ends now.",
  );
  output.json(status);
}
