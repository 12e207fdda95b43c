/**
 * Joins a mesh by `tailscale up`. A machine that is in that mesh already stays as it is; one that is in another is
 * not moved: whoever uses the other would lose it.
 */
import { TroopError } from "../../protocol/error-codes.ts";
import { shellWord } from "../shell-word.ts";
import { askTailscale, sentenceOf } from "./ask-tailscale.ts";
import type { AuthKeyFile } from "./auth-key-file.ts";
import { isSameServer } from "./login-server.ts";
import { installCommand, type Platform, startCommand } from "./tailscale-advice.ts";
import type { TailscaleCommand } from "./tailscale-command.ts";

export interface JoinRequest {
  /** As `readLoginServer` gives it. */
  loginServer: string;
  keyFile: AuthKeyFile;
  /** Undefined: the name that the machine has. */
  hostname: string | undefined;
}

export interface JoinParts {
  tailscale: TailscaleCommand;
  platform: Platform;
  signal: AbortSignal;
}

/** How long tailscale itself waits for the mesh; then it says so better than we could. */
const upSeconds = 60;
const upTimeoutMs = (upSeconds + 15) * 1_000;

/** Arguments of `tailscale`; they name the key's file, and it reads the key by itself. */
export const upWords = ({ loginServer, keyFile, hostname }: JoinRequest): string[] => [
  "up",
  `--login-server=${loginServer}`,
  `--auth-key=file:${keyFile.path}`,
  ...(hostname === undefined ? [] : [`--hostname=${hostname}`]),
  `--timeout=${upSeconds}s`,
];

/** The same as a line to type. */
export const upCommand = (request: JoinRequest): string =>
  ["tailscale", ...upWords(request)].map(shellWord).join(" ");

/**
 * @returns `already` where the machine was in this mesh, and up
 * @throws TroopError `mesh_unavailable`, `mesh_joined_elsewhere`, `mesh_join_failed`
 */
export async function joinMesh(
  request: JoinRequest,
  { tailscale, platform, signal }: JoinParts,
): Promise<"joined" | "already"> {
  const state = await askTailscale(tailscale, signal);
  if (state.kind === "missing") throw notInstalled(platform);
  if (state.kind === "silent") throw notRunning(platform, state.reason);
  const { status, loginServer } = state;
  if (status.isMember) {
    if (loginServer === undefined || !isSameServer(loginServer, request.loginServer))
      throw elsewhere(loginServer);
    if (status.state === "Running") return "already";
  }
  const ended = await tailscale(upWords(request), upTimeoutMs, signal);
  if (ended.kind === "missing") throw notInstalled(platform);
  if (ended.kind === "failed") throw failed(ended.reason, "tailscale status");
  if (ended.code === 0) return "joined";
  throw refusalOf(withoutKey(ended.stderr || ended.stdout, request.keyFile.key), request, platform);
}

/** What tailscale printed when it refused, as one of our failures. */
function refusalOf(printed: string, request: JoinRequest, platform: Platform): TroopError {
  const command = upCommand(request);
  const reason = sentenceOf(printed);
  if (/failed to connect to local tailscaled/i.test(printed)) return notRunning(platform, reason);
  if (/can't change --login-server/.test(printed)) return elsewhere(undefined);
  if (/access denied|permission denied/i.test(printed)) return failed(reason, `sudo ${command}`);
  if (/requires mentioning all/.test(printed))
    return failed(reason, `${command} --reset    (sets back every setting that is not named)`);
  return failed(reason, "tailscale status");
}

const withoutKey = (printed: string, key: string): string =>
  printed.replaceAll(key, "<key>").replaceAll(/\b(tskey|hskey)-[\w-]+/g, "<key>");

const notInstalled = (platform: Platform) =>
  new TroopError(
    "mesh_unavailable",
    "Tailscale is not installed: there is no program `tailscale`.",
    {
      details: { run: `${installCommand(platform)}    (installs the package tailscale)` },
    },
  );

const notRunning = (platform: Platform, reason: string) =>
  new TroopError("mesh_unavailable", "Tailscale is installed, but its daemon does not answer.", {
    cause: new Error(reason),
    details: { run: startCommand(platform) },
  });

const elsewhere = (server: string | undefined) =>
  new TroopError(
    "mesh_joined_elsewhere",
    `This machine is in ${server === undefined ? "another mesh" : `the mesh of ${printable(server)}`}, and can be in one only.`,
    { details: { run: "sudo tailscale logout    (leaves that mesh; then join again)" } },
  );

const failed = (reason: string, run: string) =>
  new TroopError("mesh_join_failed", `tailscale: ${reason}`, { details: { run } });

const printable = (text: string) => sentenceOf(text);
