/** Portkey's gateway, one hop, installed into the cache where it is missing. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { installPinned } from "../../tools/pinned-packages.ts";
import { freePort, loopback } from "../../tools/services/ready.ts";
import { say } from "../figure.ts";
import { startCommand, untilListening, type Running } from "./processes.ts";

const pins = join(import.meta.dirname, "..");
const server = "node_modules/@portkey-ai/gateway/build/start-server.js";

/** It sleeps before the first event of every stream. Work is compared here, so the sleep is taken out. */
const sleep = "await new Promise((e=>setTimeout(e,25)))";

async function takeOutSleep(file: string): Promise<void> {
  const parts = (await readFile(file, "utf8")).split(sleep);
  if (parts.length !== 2) throw new Error(`${file} is not what it was when this was written`);
  await writeFile(file, parts.join("await 0"));
}

export async function startPortkey(): Promise<Running & { origin: string }> {
  const folder = await installPinned(pins, "bench-peers", {
    say,
    mend: (installed) => takeOutSleep(join(installed, server)),
  });
  const port = await freePort();
  // By this name it leaves out its console, which keeps requests.
  const environment = { NODE_ENV: "production" };
  const command = [process.execPath, join(folder, server), `--port=${port}`, "--headless"];
  const gateway = startCommand(command, environment);
  await untilListening(gateway, port);
  return { ...gateway, origin: `http://${loopback}:${port}` };
}

/** What it is to be told with each request. */
export const portkeyHeaders = (engineOrigin: string): Record<string, string> => ({
  authorization: "Bearer none",
  "x-portkey-provider": "openai",
  "x-portkey-custom-host": `${engineOrigin}/v1`,
});
