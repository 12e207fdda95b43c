/** Whether this machine is in a mesh, and whether it should be. */
import { coordinatorKind } from "../../../host/coordinator-url.ts";
import { detectMesh, type Mesh, meshSources } from "../../../host/mesh/mesh.ts";
import { meshText } from "../../mesh-text.ts";
import type { CoordinatorFacts, Desk } from "./desk.ts";
import { type Found, ok, problem } from "./finding.ts";

export function judgeMesh(mesh: Mesh, coordinator: CoordinatorFacts): Found[] {
  if (mesh.kind === "mesh") return [ok("mesh_joined", meshText(mesh))];
  if (coordinator.kind !== "unnamed" && coordinatorKind(coordinator.url) === "mesh")
    return [
      problem(
        "mesh_needed",
        "The coordinator's address is one in a mesh, and this machine is in none.",
        "troop mesh join --help",
      ),
    ];
  return [ok("mesh_none", "In no mesh; none is needed.")];
}

export const checkMesh = async ({ context, coordinator }: Desk): Promise<Found[]> =>
  judgeMesh(await detectMesh(meshSources(context.environment, context.clock)), coordinator);
