/**
 * The built-in engine: one GGUF file, served by llama.cpp in a child process.
 *
 *   start ──▶ serving ──(process ends)──▶ restarting ──▶ serving …      dispose ends it from anywhere
 *
 * While it restarts, `inspect` rejects and the worker offers no model of it.
 */
import { sleep, type Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { backoffMs } from "../../../base/retry.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { Model } from "../../../protocol/node.ts";
import { openAiPath, type Engine } from "../engine.ts";
import { installPackages, type Progress } from "../../packages/install.ts";
import { getJson } from "../http.ts";
import { ChildFailure, startChild, type EngineChild } from "./child.ts";
import { inspectMachine } from "./machine.ts";
import type { StartMessage } from "./messages.ts";
import { checkModelFile, modelDigest } from "./model-file.ts";
import { buildsFor, engineBuilds, enginePackages, type BuildName } from "./platforms.ts";
import { engineThreads } from "./threads.ts";

/** Tokens of context per slot where nothing else is asked for; a model trained for less gets less. */
const contextSizeDefault = 8_192;
const keyBytes = 32;
const restart = { firstMs: 500, ceilingMs: 60_000 };

export interface LlamaCppOptions {
  modelFile: string;
  /** The name to offer the model under; by default the one in the file. */
  modelName?: string;
  /** Engines and digests are kept here between runs. */
  cacheFolder: string;
  clock: Clock;
  random: Random;
  /** Handed to npm and to the child. */
  env: NodeJS.ProcessEnv;
  /** Aborts the start; a started engine is stopped by disposing of it. */
  signal: AbortSignal;
  onProgress?: Progress;
  /** `auto` takes a GPU where there is a usable one. */
  gpu?: "auto" | "cpu";
  /** Tokens per slot, at most. */
  contextSize?: number;
  /** Requests computed at once; each slot costs a context's memory. */
  slots?: number;
}

interface Started {
  child: EngineChild;
  start: StartMessage;
  build: BuildName;
}

/** Tries the builds, best first. A GPU build that cannot be had or does not load gives way to the next. */
async function startBest(options: LlamaCppOptions, key: string): Promise<Started> {
  const { modelFile, modelName, clock, env, signal, onProgress = () => {} } = options;
  const builds = buildsFor(await inspectMachine(env), options.gpu ?? "auto");
  const threads = await engineThreads();
  let firstFailure: unknown;
  for (const build of builds) {
    try {
      const engineFolder = await installPackages({
        ...options,
        packages: enginePackages(build),
        onProgress,
      });
      const start: StartMessage = {
        engineFolder,
        gpu: engineBuilds[build].gpu,
        modelFile,
        contextSize: options.contextSize ?? contextSizeDefault,
        slots: options.slots ?? 1,
        threads,
        key,
        port: 0,
        ...(modelName !== undefined && { modelName }),
      };
      return { child: await startChild({ start, clock, env, signal }), start, build };
    } catch (error) {
      signal.throwIfAborted();
      firstFailure ??= error;
      const reason = error instanceof Error ? error.message : String(error);
      if (build !== builds.at(-1))
        onProgress(1, `the build ${build} does not work here (${reason}), trying the next one`);
      else throw startFailure(modelFile, builds.length > 1 ? error : firstFailure);
    }
  }
  throw new Error("no build was tried");
}

function startFailure(modelFile: string, cause: unknown): unknown {
  if (!(cause instanceof ChildFailure)) return cause;
  if (cause.step === "engine")
    return new TroopError(
      "engine_unavailable",
      `The built-in engine does not run on this machine: ${cause.message}. Run "troop doctor".`,
      { cause },
    );
  return new TroopError(
    "model_invalid",
    `llama.cpp cannot load ${modelFile}: ${cause.message}. Fetch the file again, or pass another one: --model FILE.gguf`,
    { cause },
  );
}

/** Rejects with `model_not_found`, `model_invalid` or `engine_unavailable`, each saying what to do next. */
export async function startLlamaCpp(options: LlamaCppOptions): Promise<Engine> {
  const { modelFile, clock, random, env } = options;
  const size = await checkModelFile(modelFile);
  const key = Buffer.from(random.bytes(keyBytes)).toString("base64url");
  const digest = await modelDigest(modelFile, options);
  const { child, start, build } = await startBest(options, key);

  const disposed = new AbortController();
  let serving: EngineChild | undefined = child;
  let { port } = child;
  let failure = "";
  const supervision = supervise();

  /** Waits for the child to end and starts it anew, until disposed. */
  async function supervise(): Promise<void> {
    let failures = 0;
    while (!disposed.signal.aborted) {
      if (serving) {
        const since = clock.monotonic();
        failure = await serving.ended;
        serving = undefined;
        // One that served for a while starts counting afresh; one that dies at once waits ever longer.
        if (clock.monotonic() - since > restart.ceilingMs) failures = 0;
      }
      await sleep(clock, backoffMs(random, restart, ++failures), disposed.signal);
      if (disposed.signal.aborted) return;
      const again = { ...start, port };
      serving =
        (await startChild({ start: again, clock, env, signal: disposed.signal }).catch(
          (error: unknown) =>
            void (failure = error instanceof Error ? error.message : String(error)),
        )) ?? undefined;
      if (serving) ({ port } = serving);
    }
    await serving?.[Symbol.asyncDispose]();
  }

  const { name, contextLength, quantization, capabilities } = child.model;
  const model: Model = {
    name,
    digest,
    size_bytes: size,
    context_length: contextLength,
    ...(quantization !== undefined && { quantization }),
    capabilities,
    loaded: true,
  };
  const { version, gpu } = engineBuilds[build];
  const headers = { authorization: `Bearer ${key}` };
  return {
    type: "llama-cpp",
    get origin() {
      return `http://127.0.0.1:${port}`;
    },
    headers,
    prefillFields: { continue_final_message: true },
    slots: start.slots,
    async inspect(inspectSignal) {
      if (!serving)
        throw new TroopError("engine_error", `The built-in engine is being restarted: ${failure}`);
      const url = `http://127.0.0.1:${port}/health`;
      await getJson(url, { clock, headers, signal: inspectSignal });
      return { version: `${version} (${gpu || "cpu"})`, models: [model] };
    },
    path: openAiPath,
    async [Symbol.asyncDispose]() {
      disposed.abort(new Error("the engine was stopped"));
      await serving?.[Symbol.asyncDispose]();
      await supervision;
    },
  };
}
