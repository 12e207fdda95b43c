/** What the manager says of a service, read from what its tool prints. */
export interface ServiceState {
  state: "running" | "starting" | "failed" | "stopped";
  /** Whether it starts by itself. */
  isEnabled: boolean;
  pid: number | undefined;
  restarts: number | undefined;
  /** How it last ended; undefined while it has not. */
  exitCode: number | undefined;
}

export const systemdProperties = [
  "ActiveState",
  "MainPID",
  "NRestarts",
  "UnitFileState",
  "ExecMainStatus",
] as const;

/** @param text of `systemctl show --property=…`, a property a line */
export function readSystemdState(text: string): ServiceState {
  const found = Object.fromEntries(
    text.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  const pid = Number(found["MainPID"] ?? 0);
  const active = found["ActiveState"];
  return {
    state:
      active === "active"
        ? "running"
        : active === "activating" || active === "reloading"
          ? "starting"
          : active === "failed"
            ? "failed"
            : "stopped",
    isEnabled: found["UnitFileState"] === "enabled",
    pid: pid > 0 ? pid : undefined,
    restarts: numberOr(found["NRestarts"]),
    exitCode: active === "active" ? undefined : numberOr(found["ExecMainStatus"]),
  };
}

/** @param text of `launchctl print <domain>/<label>`; undefined where it knows no such service */
export function readLaunchdState(text: string | undefined): ServiceState {
  const pid = numberOr(/^\s*pid = (\d+)/m.exec(text ?? "")?.[1]);
  const exitCode = numberOr(/^\s*last exit code = (\d+)/m.exec(text ?? "")?.[1]);
  const state = /^\s*state = (\S+)/m.exec(text ?? "")?.[1];
  const isRunning = state === "running" && pid !== undefined;
  return {
    state: isRunning
      ? "running"
      : state === "spawn"
        ? "starting"
        : exitCode === undefined || exitCode === 0
          ? "stopped"
          : "failed",
    isEnabled: text !== undefined,
    ...{ pid, restarts: undefined, exitCode: isRunning ? undefined : exitCode },
  };
}

const numberOr = (text: string | undefined) =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
