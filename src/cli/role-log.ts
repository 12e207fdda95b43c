/** Gives a role's command a log file: what a role says, why it could not start, and when it began and ended. */
import { ensureFolder } from "../host/folders.ts";
import { createLog } from "../host/log.ts";
import {
  createRoleLog,
  fileLevel,
  logFile,
  logFolder,
  type LoggedRole,
} from "../host/logs/role-log.ts";
import { createRotatingFile } from "../host/logs/rotating-file.ts";
import { packageVersion } from "../host/package.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Verb } from "./account-commands.ts";
import type { CommandContext } from "./context.ts";

export const logged =
  (role: LoggedRole, verb: Verb): Verb =>
  async (context, flags) => {
    const { config, shutdown } = context;
    if (config.logLevel === "silent" || !canKeep(context)) return verb(context, flags);
    using file = createRotatingFile({ path: logFile(config.dataFolder, role) });
    const log = createRoleLog(config.logLevel, context.logShown, file);
    // The person at the terminal sees as much without it.
    const aside = createLog(fileLevel(config.logLevel), file);
    aside.info(
      { version: packageVersion, node_version: process.version, pid: process.pid },
      "begins",
    );
    try {
      await verb({ ...context, log }, flags);
      aside.info("ended");
    } catch (error) {
      if (shutdown.aborted) aside.info("ended before it had begun");
      else aside.error({ err: error }, "ended");
      throw error;
    }
  };

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
