/**
 * Runs a command with a private PostgreSQL, a private Redis, a headless Chromium and a pretended GPU at hand.
 *
 *     node tools/with-services.ts [--durable] -- <command…>
 *
 * The command finds them in TEST_DATABASE_URL, TEST_REDIS_URL, CHROME and TEST_VULKAN_DRIVER. Both servers end with
 * it, however it ends, and with this process, even when that is killed. `--durable` makes PostgreSQL's commits survive
 * its own SIGKILL.
 */
import { parseArgs } from "node:util";
import { provide } from "./services/apt.ts";
import { runCommand } from "./services/command.ts";
import { startPostgres } from "./services/postgres.ts";
import { pathOf, programs } from "./services/programs.ts";
import { startRedis } from "./services/redis.ts";

const { values, positionals } = parseArgs({
  options: { durable: { type: "boolean", default: false } },
  allowPositionals: true,
});

try {
  process.exitCode = await withServices();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function withServices(): Promise<number> {
  provide(Object.values(programs));
  await using postgres = await startPostgres(values);
  await using redis = await startRedis();
  return await runCommand(positionals, {
    TEST_DATABASE_URL: postgres.url,
    TEST_REDIS_URL: redis.url,
    CHROME: pathOf(programs.chromium),
    TEST_VULKAN_DRIVER: pathOf(programs.softwareGpu),
  });
}
