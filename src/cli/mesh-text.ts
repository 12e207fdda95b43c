/** The mesh in one line for people. */
import type { Mesh } from "../host/mesh/mesh.ts";

const bySource = {
  interface: "",
  tailscale: ", in user space",
  "local-api": ", in user space",
} as const;

export function meshText(mesh: Mesh): string {
  if (mesh.kind === "none") return "In no mesh.";
  const name = mesh.name ? ` as ${mesh.name}` : "";
  return `In the mesh${name} at ${mesh.addresses.join(", ")}${bySource[mesh.via]}.`;
}
