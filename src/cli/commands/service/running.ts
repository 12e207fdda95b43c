/** Whether a process is that of a service: its manager, and nobody else, ends it. */
import { launchdDomain, systemctl } from "../../../host/service/plan.ts";
import type { ServiceRole } from "../../../host/service/service.ts";
import { shellWord } from "../../../host/shell-word.ts";
import type { CommandContext } from "../../context.ts";
import { findServices } from "./status.ts";

export interface RunByService {
  name: string;
  /** Ends it, and leaves it installed. */
  stop: string;
}

export async function serviceOf(
  context: CommandContext,
  role: ServiceRole,
  pid: number,
): Promise<RunByService | undefined> {
  if (process.platform !== "linux" && process.platform !== "darwin") return undefined;
  const found = (await findServices(context, {}, [role])).find((service) => service.pid === pid);
  if (!found) return undefined;
  const { name, scope, machine } = found;
  const command =
    machine.manager === "launchd"
      ? ["launchctl", "bootout", `${launchdDomain(machine.userId)}/${name}`]
      : [...systemctl(scope), "stop", name];
  const asRoot = scope === "system" && machine.userId !== 0 ? ["sudo"] : [];
  return { name, stop: [...asRoot, ...command].map(shellWord).join(" ") };
}
