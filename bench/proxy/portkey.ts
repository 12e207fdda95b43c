/** Portkey's gateway, one hop, installed into the cache where it is missing. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/host/folders.ts";
import { freePort, loopback } from "../../tools/services/ready.ts";
import { say } from "../figure.ts";
import { startCommand, untilListening, type Running } from "./processes.ts";

const pins = join(import.meta.dirname, "..");
const files = ["package.json", "package-lock.json"];
const server = "node_modules/@portkey-ai/gateway/build/start-server.js";

/** It sleeps before the first event of every stream. Work is compared here, so the sleep is taken out. */
const sleep = "await new Promise((e=>setTimeout(e,25)))";

async function takeOutSleep(file: string): Promise<void> {
  const parts = (await readFile(file, "utf8")).split(sleep);
  if (parts.length !== 2) throw new Error(`${file} is not what it was when this was written`);
  await writeFile(file, parts.join("await 0"));
}

/** @returns the folder that holds the peers as `bench/package-lock.json` pins them */
async function installPeers(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(join(pins, file)));
  const parent = cacheFolder(process.env);
  const folder = join(parent, `bench-peers-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  say("  installing what bench/package.json names");
  await mkdir(parent, { recursive: true });
  const half = await mkdtemp(`${folder}-`);
  try {
    for (const file of files) await copyFile(join(pins, file), join(half, file));
    // Packages bring what they need ready made; their scripts are not run.
    const options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    await promisify(execFile)("npm", options, { cwd: half });
    await takeOutSleep(join(half, server));
    // Whoever looks finds all of it or nothing.
    await rename(half, folder);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

export async function startPortkey(): Promise<Running & { origin: string }> {
  const folder = await installPeers();
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
