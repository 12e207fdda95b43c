/** tailscaled's own socket: what it says of itself, where its command line is not installed. */
import { request } from "node:http";
import { type Clock, deadline } from "../../base/clock.ts";
import { type TailscaleStatus, statusIn } from "./tailscale-output.ts";

/** Undefined where nobody answers with a status in time. */
export type LocalApi = () => Promise<TailscaleStatus | undefined>;

/** The only name it answers to, so that no web page can make a browser ask it. */
const host = "local-tailscaled.sock";
const timeoutMs = 2_000;
const answerCharacters = 256 * 1_024;

/** Where tailscaled listens on Linux and the BSDs, and its open-source build on macOS. */
export const socketPath = (platform: NodeJS.Platform): string =>
  platform === "darwin" ? "/var/run/tailscaled.socket" : "/var/run/tailscale/tailscaled.sock";

export const createLocalApi =
  (path: string, clock: Clock): LocalApi =>
  async () => {
    using limit = deadline(clock, timeoutMs, new Error("tailscaled does not answer"));
    const { promise, resolve } = Promise.withResolvers<TailscaleStatus | undefined>();
    const asked = request(
      {
        socketPath: path,
        path: "/localapi/v0/status?peers=false",
        headers: { host },
        signal: limit.signal,
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          if (text.length > answerCharacters) asked.destroy();
        });
        answer.once("end", () => resolve(answer.statusCode === 200 ? statusIn(text) : undefined));
        answer.once("close", () => resolve(undefined));
      },
    );
    // More than once where it is aborted after it broke.
    asked.on("error", () => resolve(undefined));
    asked.end();
    return await promise;
  };
