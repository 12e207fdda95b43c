/** A coordinator as it is run: a process of its own, on PostgreSQL and Redis, behind a proxy that says where calls come from. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../tools/services/ready.ts";
import { startProgram } from "../../tools/faults/program.ts";

const main = join(import.meta.dirname, "..", "..", "src", "main.ts");

export interface CoordinatorProcess {
  url: string;
  pid: number;
}

export async function startCoordinatorProcess(
  stack: AsyncDisposableStack,
  { databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string },
): Promise<CoordinatorProcess> {
  const folder = await mkdtemp(join(tmpdir(), "troop-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const words = ["coordinator", "--json", "--data", folder, "--port", String(port)];
  const program = startProgram([process.execPath, main, ...words], {
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, LOG_LEVEL: "error" },
    ...{ OPERATOR_LISTEN: "off", TRUSTED_PROXIES: "127.0.0.1", ADDRESS_POLICY: "public" },
  });
  stack.use(program);
  await program.firstLine;
  return { url: `http://127.0.0.1:${port}`, pid: program.pid };
}
