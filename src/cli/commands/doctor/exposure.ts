/** Whether an engine can be reached past us: whoever reaches it uses it for nothing, and may pull and delete models. */
import { connect } from "node:net";
import { type Clock, deadline } from "../../../base/clock.ts";
import { addressKind } from "../../../host/address-kind.ts";
import { urlOf } from "../../../host/listen.ts";
import { ownAddresses } from "../../../host/mesh/mesh.ts";
import type { Desk } from "./desk.ts";
import { type Found, ok, problem, warning } from "./finding.ts";

export interface ExposedEngine {
  type: string;
  port: number;
  /** Addresses of this machine, other than loopback, at which it answers. */
  addresses: readonly string[];
}

/** What closes each engine, as its own documentation has it. */
const closing: Readonly<Record<string, string>> = {
  ollama: `sudo systemctl edit ollama    (Environment="OLLAMA_HOST=127.0.0.1", then: sudo systemctl restart ollama)`,
  vllm: "vllm serve <model> --host 127.0.0.1",
  sglang: "python3 -m sglang.launch_server --host 127.0.0.1 --model-path <model>",
  "llama-server": "llama-server --host 127.0.0.1 -m <model>",
  "lm-studio": `lms server stop    (turn "Serve on Local Network" off in LM Studio, then start it again)`,
};

export function judgeExposure(engines: readonly ExposedEngine[]): Found[] {
  const open = engines.filter(({ addresses }) => addresses.length > 0);
  if (open.length === 0)
    return [
      ok(
        "engines_private",
        engines.length === 0
          ? "No engine that others could reach."
          : "Engines answer on this machine only.",
      ),
    ];
  return open.map(({ type, port, addresses }) => {
    const isWorld = addresses.some((address) => addressKind(address) === "public");
    const places = addresses.map((address) => urlOf({ host: address, port }).slice(7)).join(", ");
    const cause = `${type} answers at ${places}: whoever gets there uses it for nothing, past your worker.`;
    const run =
      closing[type] ?? `ss -ltnp 'sport = :${port}'    (start it with the host 127.0.0.1)`;
    return isWorld
      ? problem("engine_open_to_world", cause, run)
      : warning("engine_open_to_network", cause, run);
  });
}

const connectMs = 1_000;

/** Whether somebody listens there. */
export function answersAt(clock: Clock, host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = deadline(clock, connectMs, new Error("no answer"));
    const socket = connect({ host, port });
    const end = (doesAnswer: boolean) => {
      limit[Symbol.dispose]();
      socket.destroy();
      resolve(doesAnswer);
    };
    socket.once("connect", () => end(true));
    socket.on("error", () => end(false));
    limit.signal.addEventListener("abort", () => end(false));
  });
}

const local = /^(localhost|127\.|\[::1\])/;

/** Addresses of this machine at which others find it. Link-local ones need a zone, and stand for no network of their own. */
const outsideAddresses = (): string[] =>
  ownAddresses().filter(
    (address) => addressKind(address) !== "loopback" && !/^fe80:/i.test(address),
  );

export function lookAtExposure(
  { engines, context }: Pick<Desk, "engines" | "context">,
  outside: readonly string[] = outsideAddresses(),
): Promise<ExposedEngine[]> {
  const here = [
    ...engines.engines.map(({ type, origin }) => ({ type, origin })),
    ...engines.locked.map(({ origin }) => ({ type: "an engine", origin })),
  ].filter(({ origin }) => local.test(new URL(origin).hostname));
  return Promise.all(
    here.map(async ({ type, origin }) => {
      const port = Number(new URL(origin).port || 80);
      const answers = await Promise.all(
        outside.map((address) => answersAt(context.clock, address, port)),
      );
      return { type, port, addresses: outside.filter((_, index) => answers[index]) };
    }),
  );
}

export const checkExposure = async (desk: Desk): Promise<Found[]> =>
  judgeExposure(await lookAtExposure(desk));
