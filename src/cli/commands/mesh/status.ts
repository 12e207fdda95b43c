/** `troop mesh status`: whether this machine is in a mesh, and whose. */
import { askTailscale } from "../../../host/mesh/ask-tailscale.ts";
import { detectMesh, meshSources } from "../../../host/mesh/mesh.ts";
import type { CommandContext } from "../../context.ts";
import { meshText } from "../../mesh-text.ts";

export async function meshStatus(context: CommandContext): Promise<void> {
  const { output, environment, clock, shutdown: signal } = context;
  const sources = meshSources(environment, clock);
  const mesh = await detectMesh(sources);
  const asked = await askTailscale(sources.tailscale, signal);
  const server = asked.kind === "answers" ? asked.loginServer : undefined;
  const state = asked.kind === "answers" ? asked.status.state : asked.kind;
  output.say(meshText(mesh));
  if (server) output.say(`Control server: ${server}`);
  if (mesh.kind === "none")
    output.say(
      asked.kind === "missing"
        ? "Tailscale is not installed. `troop mesh join` says how to install it."
        : "Join one: troop mesh join --help",
    );
  output.json({ mesh, tailscale: state, login_server: server ?? null });
}
