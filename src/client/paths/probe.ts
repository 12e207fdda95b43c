/** Whether anybody answers at a path: a connection is opened and closed again, nothing is said. */
import { connect } from "node:net";
import type { Path } from "./path.ts";

/** Rejects where nobody answers, or with the signal's reason. */
export type Probe = (path: Path, signal: AbortSignal) => Promise<void>;

export const probe: Probe = ({ origin }, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { hostname, port, protocol } = new URL(origin);
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || (protocol === "https:" ? 443 : 80)),
    });
    const abort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => {
      resolve();
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => signal.removeEventListener("abort", abort));
  });
