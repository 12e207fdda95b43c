/** Asks Tailscale's command line how things stand: is it there, does its daemon run, which mesh is it in. */
import type { TailscaleCommand } from "./tailscale-command.ts";
import { loginServerIn, statusIn, type TailscaleStatus } from "./tailscale-output.ts";

export type TailscaleState =
  /** The program is not installed. */
  | { kind: "missing" }
  /** The daemon does not run, or does not answer. */
  | { kind: "silent"; reason: string }
  /** `loginServer` is undefined where it is in no mesh, or does not say. */
  | { kind: "answers"; status: TailscaleStatus; loginServer: string | undefined };

const askTimeoutMs = 5_000;

/** Never rejects but with the reason of `signal`. */
export async function askTailscale(
  tailscale: TailscaleCommand,
  signal?: AbortSignal,
): Promise<TailscaleState> {
  const asked = await tailscale(["status", "--json", "--peers=false"], askTimeoutMs, signal);
  if (asked.kind === "missing") return asked;
  if (asked.kind === "failed") return { kind: "silent", reason: asked.reason };
  // Its exit code says whether it is up, and matters less than what it prints.
  const status = statusIn(asked.stdout);
  if (!status) return { kind: "silent", reason: sentenceOf(asked.stderr) };
  if (!status.isMember) return { kind: "answers", status, loginServer: undefined };
  const prefs = await tailscale(["debug", "prefs"], askTimeoutMs, signal);
  const loginServer = prefs.kind === "ended" ? loginServerIn(prefs.stdout) : undefined;
  return { kind: "answers", status, loginServer };
}

const sentenceCharacters = 300;

/** The first line that was printed, fit for a terminal. */
export function sentenceOf(printed: string): string {
  const line = printed.split("\n").find((text) => text.trim() !== "") ?? "it printed nothing";
  const plain = line.replaceAll(/[^\x20-\x7e]/g, " ").trim();
  return plain.replace(/^Error: /, "").slice(0, sentenceCharacters);
}
