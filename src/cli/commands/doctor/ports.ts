/** Whether the ports that roles ask for are theirs to have, and who has them otherwise. */
import { portHolder } from "../../../host/port-holder.ts";
import { readRunFile } from "../../../host/run-file.ts";
import type { Desk } from "./desk.ts";
import { answersAt } from "./exposure.ts";
import { type Found, ok, warning } from "./finding.ts";

export interface PortFacts {
  port: number;
  command: string;
  state: { kind: "free" } | { kind: "ours" } | { kind: "taken"; holder: string | undefined };
}

export function judgePorts(ports: readonly PortFacts[]): Found[] {
  const taken = ports.flatMap(({ port, command, state }) =>
    state.kind === "taken"
      ? [
          warning(
            "port_taken",
            `Port ${port} is taken by ${state.holder ?? "a program of another user"}; \`troop ${command}\` wants it.`,
            `troop ${command} --port ${port === 65_535 ? port - 1 : port + 1}`,
          ),
        ]
      : [],
  );
  return taken.length > 0
    ? taken
    : [
        ok(
          "ports_free",
          `Port${ports.length > 1 ? "s" : ""} ${ports.map(({ port }) => port).join(", ")}: free, or ours.`,
        ),
      ];
}

function lookAtPorts({ context }: Desk): Promise<PortFacts[]> {
  const { environment, config, clock } = context;
  // A worker takes the next free port by itself; a coordinator is for few.
  const wanted = [
    { role: "client", command: "up", port: Number(environment.PROXY_PORT || 9_000) },
    {
      role: "coordinator",
      command: "coordinator",
      port: Number(/(\d+)$/.exec(environment.LISTEN || "8000")?.[1]),
    },
  ].filter(({ port }) => Number.isInteger(port) && port > 0 && port <= 65_535);
  return Promise.all(
    wanted.map(async ({ role, command, port }): Promise<PortFacts> => {
      const running = readRunFile(config.dataFolder, role);
      if (running && Number(new URL(running.url).port) === port)
        return { port, command, state: { kind: "ours" } };
      const isTaken = await answersAt(clock, "127.0.0.1", port);
      const holder = isTaken ? portHolder(port) : undefined;
      if (holder?.startsWith("troop ")) return { port, command, state: { kind: "ours" } };
      return { port, command, state: isTaken ? { kind: "taken", holder } : { kind: "free" } };
    }),
  );
}

export const checkPorts = async (desk: Desk): Promise<Found[]> =>
  judgePorts(await lookAtPorts(desk));
