/**
 * Gives a role's command a log file: what a role says, why it could not start, and when it began and ended. Where
 * `OTEL_*` says so, a collector gets that too, and the role traces.
 */
import { ensureFolder } from "../host/folders.ts";
import { createLog } from "../host/log.ts";
import {
  createRoleLog,
  fileLevel,
  logFile,
  logFolder,
  type LoggedRole,
} from "../host/logs/role-log.ts";
import { unreadSettings } from "../host/known-settings.ts";
import { readTelemetryConfig } from "../host/observe/config.ts";
import { openTelemetry, type Telemetry } from "../host/observe/telemetry.ts";
import { createRotatingFile } from "../host/logs/rotating-file.ts";
import { packageVersion } from "../host/package.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Verb } from "./account-commands.ts";
import type { CommandContext } from "./context.ts";

export const logged =
  (role: LoggedRole, verb: Verb): Verb =>
  async (context, flags) => {
    const { config, shutdown } = context;
    await using telemetry = telemetryOf(context, role);
    const traced = { ...context, telemetry, tracer: telemetry?.tracer };
    if (config.logLevel === "silent" || !canKeep(context)) return await verb(traced, flags);
    using file = createRotatingFile({ path: logFile(config.dataFolder, role) });
    const log = createRoleLog(config.logLevel, context.logShown, file, telemetry?.logStream);
    // The person at the terminal sees as much without it.
    const aside = createLog(fileLevel(config.logLevel), file);
    aside.info(
      { version: packageVersion, node_version: process.version, pid: process.pid },
      "begins",
    );
    const unread = unreadSettings(config.dataFolder).join(", ");
    if (unread) log.warn({ settings: unread }, "no settings, though they stand in settings.env");
    try {
      await verb({ ...traced, log }, flags);
      aside.info("ended");
    } catch (error) {
      if (shutdown.aborted) aside.info("ended before it had begun");
      else aside.error({ err: error }, "ended");
      throw error;
    }
  };

function telemetryOf(context: CommandContext, role: LoggedRole): Telemetry | undefined {
  const service = `monkey-troop-${role === "up" ? "client" : role}`;
  const config = readTelemetryConfig(context.environment, service);
  return config && openTelemetry(config, context);
}

/** A folder that cannot be written to is the role's own failure, which it explains better. */
function canKeep({ config }: CommandContext): boolean {
  try {
    ensureFolder(logFolder(config.dataFolder));
    return true;
  } catch (error) {
    if (error instanceof TroopError) return false;
    throw error;
  }
}
