/** The engines a worker lends: the one that was named, or the built-in one, or whatever runs on this machine. */
import { TroopError } from "../protocol/error-codes.ts";
import { detectEngines } from "../worker/engines/detect.ts";
import type { Engine } from "../worker/engines/engine.ts";
import { createOpenAiCompatible } from "../worker/engines/openai-compatible.ts";
import { startLlamaCpp } from "../worker/engines/llama-cpp/llama-cpp.ts";
import type { CommandContext } from "./context.ts";

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
export async function builtInEngine(context: CommandContext, modelFile: string): Promise<Engine> {
  const { output, config, environment, clock, random, shutdown } = context;
  let bar: ReturnType<typeof output.progress> | undefined;
  try {
    return await startLlamaCpp({
      modelFile,
      cacheFolder: config.cacheFolder,
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
    throw aboutModelFile(error);
  } finally {
    bar?.done();
  }
}

/** What helps with a file that is missing or is no model is to find one that is. */
function aboutModelFile(error: unknown): unknown {
  if (!(error instanceof TroopError)) return error;
  const { code, message, cause } = error;
  if (code !== "model_not_found" && code !== "model_invalid") return error;
  return new TroopError(code, message, { cause, details: { run: "find ~ -name '*.gguf'" } });
}

/** @param origins in order of preference, as the worker's settings name them */
export const runningEngines = (
  { clock, shutdown }: CommandContext,
  origins: readonly string[],
): Promise<Engine[]> =>
  detectEngines({ addresses: origins.map((origin) => ({ origin })), clock, signal: shutdown });

/** @throws TroopError `usage`, `engine_unavailable` */
export async function namedEngine(
  { clock, shutdown }: CommandContext,
  url: string,
): Promise<Engine> {
  const origin = URL.parse(url)?.origin;
  if (!origin || !/^https?:/.test(origin)) {
    throw new TroopError("usage", "--engine takes a URL such as http://127.0.0.1:11434.");
  }
  const [known] = await detectEngines({ addresses: [{ origin }], clock, signal: shutdown });
  const engine = known ?? createOpenAiCompatible({ origin, type: "openai", clock });
  await engine.inspect(shutdown).catch((error: unknown) => {
    throw new TroopError("engine_unavailable", `No inference engine answers at ${origin}.`, {
      cause: error,
      details: { run: `curl ${origin}/v1/models` },
    });
  });
  return engine;
}
