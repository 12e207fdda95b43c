/** `troop status`: what runs here, and whether it is well. */
import { request } from "undici";
import { z } from "zod";
import { deadline } from "../../base/clock.ts";
import { knownApiKey } from "../../host/api-key.ts";
import { detectMesh, meshSources } from "../../host/mesh/mesh.ts";
import { readRunFile } from "../../host/run-file.ts";
import { limits } from "../../protocol/limits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CommandContext } from "../context.ts";
import { meshText } from "../mesh-text.ts";
import { sayWhereCreditsWent } from "../spending-text.ts";
import { noWorkHere } from "../worker-work.ts";

const roles = ["coordinator", "worker", "client"] as const;

interface RoleStatus {
  role: (typeof roles)[number];
  state: "running" | "stopped" | "unwell";
  url: string | null;
  /** What the role says of itself; null where it does not answer. */
  details: unknown;
}

export async function status(context: CommandContext): Promise<void> {
  const { output, environment, clock } = context;
  const mesh = await detectMesh(meshSources(environment, clock));
  const found = await Promise.all(roles.map((role) => statusOf(context, role)));
  output.table(
    ["role", "state", "address"],
    found.map(({ role, state, url }) => [role, state, url ?? ""]),
  );
  if (found.every(({ state }) => state === "stopped"))
    output.say("Nothing runs here. Try: troop demo");
  for (const line of pathsOf(found)) output.say(line);
  sayWhereCreditsWent(output, found.find(({ role }) => role === "client")?.details);
  const isLending = found.some(({ role, state }) => role === "worker" && state !== "stopped");
  const noWork = isLending ? await noWorkHere(context) : null;
  if (noWork) output.say(`The worker has no work: ${noWork.cause} See: troop worker status`);
  if (mesh.kind === "mesh") output.say(meshText(mesh));
  output.json({ roles: found, mesh, no_work: noWork });
}

const clientDetails = z.object({
  tickets: z.array(
    z.object({
      node: z.string(),
      path: z.object({ kind: z.string(), origin: z.string() }).nullable(),
    }),
  ),
});

/** How the nodes that the client has tickets for were reached last. */
function pathsOf(found: readonly RoleStatus[]): string[] {
  const { data } = clientDetails.safeParse(found.find(({ role }) => role === "client")?.details);
  const lines = (data?.tickets ?? []).map(({ node, path }) =>
    path
      ? `node ${node.slice(0, 12)} by ${path.kind}, ${path.origin}`
      : `node ${node.slice(0, 12)} not asked yet`,
  );
  return [...new Set(lines)];
}

async function statusOf(context: CommandContext, role: RoleStatus["role"]): Promise<RoleStatus> {
  const note = readRunFile(context.config.dataFolder, role);
  if (!note) return { role, state: "stopped", url: null, details: null };
  using timer = deadline(context.clock, limits.readTimeoutMs, new TroopError("timeout"));
  try {
    const path = role === "coordinator" ? "/health" : "/status";
    const { environment, config } = context;
    const key = role === "client" ? knownApiKey(environment, config.dataFolder) : undefined;
    const response = await request(note.url + path, {
      signal: timer.signal,
      headers: key === undefined ? {} : { "x-api-key": key },
    });
    const details: unknown = await response.body.json();
    return {
      role,
      state: response.statusCode === 200 ? "running" : "unwell",
      url: note.url,
      details,
    };
  } catch (error) {
    // The note outlives a process that was killed; nobody listening means it is gone.
    const isGone = (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
    return isGone
      ? { role, state: "stopped", url: null, details: null }
      : { role, state: "unwell", url: note.url, details: null };
  }
}
