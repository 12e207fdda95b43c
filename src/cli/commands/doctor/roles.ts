/** Which roles run here, and what those that were killed have left lying. */
import { lstatSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { readRunFile } from "../../../host/run-file.ts";
import { shellWord } from "../../../host/shell-word.ts";
import type { WhyCode } from "../../../worker/no-work/why-no-work.ts";
import { noWorkHere } from "../../worker-work.ts";
import type { Desk } from "./desk.ts";
import { answersAt } from "./exposure.ts";
import { type Found, ok, warning } from "./finding.ts";
import { placeOf, real } from "./place.ts";

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

/** Reasons that nothing here can change: nothing is wrong with this machine. */
const otherPeoples: ReadonlySet<string> = new Set<WhyCode>(["nobody_asks", "others_preferred"]);

/** @param noWork why the worker here has no work; null where it has some, or none runs */
export function judgeWork(noWork: { code: string; cause: string } | null): Found[] {
  if (!noWork) return [];
  const { code, cause } = noWork;
  const found = otherPeoples.has(code)
    ? ok(code, `The worker has no work: ${cause} More: troop worker status`)
    : warning(code, `The worker has no work: ${cause}`, "troop worker status");
  // Programs that the owner runs, and models that others ask for.
  return [{ ...found, isPrivate: true }];
}

export async function checkRoles(desk: Desk): Promise<Found[]> {
  const [facts, noWork] = await Promise.all([lookAtRoles(desk), noWorkHere(desk.context)]);
  const found = judgeRoles(facts);
  const isOurs = placeOf(real(desk.context.config.dataFolder)) === "ours";
  return [...(isOurs ? found : found.map(({ mends: _, ...rest }) => rest)), ...judgeWork(noWork)];
}
