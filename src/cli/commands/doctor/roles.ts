/** Which roles run here, and what those that were killed have left lying. */
import { lstatSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { readRunFile } from "../../../host/run-file.ts";
import { shellWord } from "../../../host/shell-word.ts";
import type { Desk } from "./desk.ts";
import { answersAt } from "./exposure.ts";
import { type Found, ok, warning } from "./finding.ts";

const roles = ["worker", "client", "coordinator"] as const;

export interface RoleFacts {
  role: (typeof roles)[number];
  state: "running" | "not running" | "left a note";
  note: string;
}

export interface RolesFacts {
  roles: readonly RoleFacts[];
  /** A socket at which nobody listens any more. */
  staleSocket: string | undefined;
}

export function judgeRoles({ roles: found, staleSocket }: RolesFacts): Found[] {
  const running = found.filter(({ state }) => state === "running").map(({ role }) => role);
  const left = [
    ...found.filter(({ state }) => state === "left a note").map(({ note }) => note),
    ...(staleSocket === undefined ? [] : [staleSocket]),
  ];
  const runs =
    running.length > 0
      ? ok("roles_running", `Running here: ${running.join(", ")}.`)
      : ok("roles_none", "No role runs on this data folder.");
  const stale = left.map((path) => ({
    ...warning(
      "left_behind",
      `${path} was left by a process that was killed; its next start puts that right too.`,
      `rm ${shellWord(path)}`,
    ),
    mends: [{ kind: "remove" as const, path }],
  }));
  return [runs, ...stale];
}

async function lookAtRoles({ context }: Desk): Promise<RolesFacts> {
  const { config, clock } = context;
  const found = await Promise.all(
    roles.map(async (role): Promise<RoleFacts> => {
      const note = join(config.dataFolder, `${role}.running.json`);
      const running = readRunFile(config.dataFolder, role);
      if (!running) return { role, state: "not running", note };
      const { hostname, port } = new URL(running.url);
      const host = hostname.replace(/^\[|\]$/g, "");
      const isThere = await answersAt(clock, host, Number(port));
      return { role, state: isThere ? "running" : "left a note", note };
    }),
  );
  const socket = join(config.dataFolder, "worker", "worker.sock");
  return { roles: found, staleSocket: (await isStale(socket)) ? socket : undefined };
}

function isStale(path: string): Promise<boolean> {
  try {
    if (!lstatSync(path).isSocket()) return Promise.resolve(false);
  } catch {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
  });
}

export const checkRoles = async (desk: Desk): Promise<Found[]> =>
  judgeRoles(await lookAtRoles(desk));
