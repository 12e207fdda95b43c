/** A role is not started again where it runs already: what is said is which process that is, and both ways on. */
import { TroopError } from "../protocol/error-codes.ts";
import type { CommandContext } from "./context.ts";
import { roleNames, runningHere, sameFolder, type StoppableRole } from "./running-here.ts";

/**
 * Before anything heavy starts. A process that cannot be looked at, or starts at this moment, is left to the folder's
 * lock.
 * @throws TroopError `data_folder_locked`
 */
export async function mustNotRun(context: CommandContext, role: StoppableRole): Promise<void> {
  const running = await runningHere(context, role);
  if (!running?.isSeen) return;
  const where = `${roleNames[role]} runs here already: ${running.url}, pid ${running.pid}.`;
  const use = role === "client" ? ` Applications can use it as it is: ${running.url}/v1` : "";
  throw new TroopError("data_folder_locked", where + use, {
    details: {
      run: `troop down ${role}${sameFolder(context)}    (or a second one: --data <folder>)`,
    },
  });
}
