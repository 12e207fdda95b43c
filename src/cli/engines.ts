/** The engines a worker lends: the one that was named, or the built-in one, or whatever runs on this machine. */
import type { Environment } from "../host/env.ts";
import { ensureFolder } from "../host/folders.ts";
import { toyModelFile } from "../host/package.ts";
import { shellWord } from "../host/shell-word.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { namedAddress } from "../worker/engines/config.ts";
import { type Detected, detectEngines, engineAt } from "../worker/engines/detect.ts";
import { type EngineAddress, placeOf } from "../worker/engines/engine-kind.ts";
import type { Engine } from "../worker/engines/engine.ts";
import { startLlamaCpp } from "../worker/engines/llama-cpp/llama-cpp.ts";
import type { CommandContext } from "./context.ts";
import { noteLocked } from "./engine-table.ts";
import { meantUrl } from "./meant.ts";
import { again } from "./typed-command.ts";

/** As much of a command's surroundings as finding an engine takes. */
export type EngineContext = Pick<
  CommandContext,
  "output" | "config" | "environment" | "clock" | "random" | "shutdown"
>;

/** Engines that end together. */
export interface Engines extends AsyncDisposable {
  all: Engine[];
}

export const together = (all: Engine[]): Engines => ({
  all,
  async [Symbol.asyncDispose]() {
    await Promise.all(all.map((engine) => engine[Symbol.asyncDispose]()));
  },
});

/** Starts the built-in engine, showing progress while it is fetched for the first time. */
export async function builtInEngine(context: EngineContext, modelFile: string): Promise<Engine> {
  const { output, config, environment, clock, random, shutdown } = context;
  let bar: ReturnType<typeof output.progress> | undefined;
  try {
    return await startLlamaCpp({
      modelFile,
      cacheFolder: usableCache(config.cacheFolder),
      env: environment as NodeJS.ProcessEnv,
      clock,
      random,
      signal: shutdown,
      onProgress: (share, text) => {
        if (share < 1) {
          bar ??= output.progress("Getting llama.cpp, once");
          return bar.update(share, text);
        }
        bar?.done();
        bar = undefined;
        output.note(`llama.cpp: ${text}`);
      },
    });
  } catch (error) {
    throw aboutModelFile(error, modelFile);
  } finally {
    bar?.done();
  }
}

/** Of a cache that cannot be written to: `--data` would not mend it. */
function usableCache(path: string): string {
  try {
    return ensureFolder(path);
  } catch (error) {
    const { code, message, cause } = error as TroopError;
    throw new TroopError(code, message, {
      cause,
      details: { run: `XDG_CACHE_HOME=<folder> ${again}` },
    });
  }
}

/** What helps with a file that is missing or is no model is to find one that is, unless an engine's model was meant. */
function aboutModelFile(error: unknown, file: string): unknown {
  if (!(error instanceof TroopError)) return error;
  const { code, message, cause } = error;
  if (code !== "model_not_found" && code !== "model_invalid") return error;
  const isName = code === "model_not_found" && !/[/\\]|\.gguf$/i.test(file);
  const run = isName
    ? "troop worker    (without --model it lends what Ollama and other engines have)"
    : "find ~ -name '*.gguf'";
  return new TroopError(code, message, { cause, details: { run } });
}

/** What a worker lends, and where it looks for more. */
export interface Chosen {
  engines: Engine[];
  discover?: (known: readonly Engine[], signal: AbortSignal) => Promise<Engine[]>;
}

/** @throws TroopError `usage`, `engine_unavailable`, and what the built-in engine fails with */
export async function chosenEngines(
  context: EngineContext,
  { model, engine }: { model?: string; engine?: string },
  addresses: readonly EngineAddress[],
): Promise<Chosen> {
  if (model !== undefined) return { engines: [await builtInEngine(context, model)] };
  if (engine !== undefined) return { engines: [await namedEngine(context, engine)] };
  const { engines, locked } = await runningEngines(context, addresses);
  noteLocked(context.output, locked);
  if (engines.length > 0) return { engines, discover: discoverEngines(context, addresses) };
  const places = addresses.map(({ origin }) => new URL(origin).host).join(", ");
  throw new TroopError(
    "engine_unavailable",
    `No inference engine runs on this machine. Looked at ${places}.`,
    {
      details: {
        run: `${again} --model ${shellWord(toyModelFile)}    (or start Ollama, vLLM, SGLang, LM Studio or llama-server first; one elsewhere: --engine URL)`,
      },
    },
  );
}

/** Engines that answer at the addresses of the worker's settings, and where a key is wanted. */
export const runningEngines = (
  { clock, shutdown }: EngineContext,
  addresses: readonly EngineAddress[],
): Promise<Detected> => detectEngines({ addresses, clock, signal: shutdown });

/** Looks again where no engine answered before: what is started after the worker is lent too. */
const discoverEngines =
  ({ clock }: EngineContext, addresses: readonly EngineAddress[]) =>
  async (known: readonly Engine[], signal: AbortSignal): Promise<Engine[]> => {
    const taken = new Set(known.map(placeOf));
    const others = addresses.filter((address) => !taken.has(placeOf(address)));
    return (await detectEngines({ addresses: others, clock, signal })).engines;
  };

/** @throws TroopError `usage`, `engine_unavailable` */
async function namedEngine(
  { clock, environment, shutdown }: EngineContext,
  url: string,
): Promise<Engine> {
  const address = addressOf(environment, url);
  const engine = await engineAt(address, { clock, signal: shutdown });
  const { origin, basePath = "" } = address;
  await engine.inspect(shutdown).catch((error: unknown) => {
    throw new TroopError("engine_unavailable", `No inference engine answers at ${origin}.`, {
      cause: error,
      details: { run: `curl ${origin}${basePath}/v1/models` },
    });
  });
  return engine;
}

function addressOf(environment: Environment, url: string): EngineAddress {
  try {
    return namedAddress(environment, url, "--engine");
  } catch (error) {
    if (!(error instanceof TroopError)) throw error;
    const meant = meantUrl(url);
    const run =
      meant === undefined ? {} : { details: { run: `${again} --engine ${shellWord(meant)}` } };
    throw new TroopError("usage", error.message, { cause: error, ...run });
  }
}
