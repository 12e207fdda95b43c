/** `troop demo`: the whole network on one machine; with `--ask`, one answered and paid question. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toyModelFile } from "../../host/package.ts";
import { ensureFolder } from "../../host/folders.ts";
import { mustBeFree } from "../../host/listen.ts";
import { shellWord } from "../../host/shell-word.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Engine } from "../../worker/engines/engine.ts";
import type { CommandContext } from "../context.ts";
import { printBanner } from "../demo/banner.ts";
import { askAndSettle } from "../demo/ask-and-settle.ts";
import { startDemoNetwork } from "../demo/network.ts";
import { readEngineSettings } from "../../worker/engines/config.ts";
import { builtInEngine, runningEngines, together } from "../engines.ts";
import { listenFlag, namingPortHolder } from "../port-flag.ts";
import { again, programName } from "../typed-command.ts";
import { untilStopped } from "../until-stopped.ts";

export interface DemoFlags {
  ask?: string;
  model?: string;
  port?: string;
  data?: string;
}

export async function demo(context: CommandContext, flags: DemoFlags): Promise<void> {
  const { output } = context;
  if (flags.ask?.trim() === "") throw new TroopError("usage", "--ask takes a question.");
  const listen = listenFlag(flags.port === undefined ? {} : { port: flags.port });
  // It is bound last, when engine, books and proof are through.
  if (listen) await namingPortHolder(flags, () => mustBeFree(listen));
  using folder = demoFolder(flags.data);
  await using engines = together(await demoEngines(context, flags));
  output.note("Starting coordinator, worker and client…");
  await using network = await namingPortHolder(flags, () =>
    startDemoNetwork(context, folder.path, engines.all, listen),
  );
  const { models } = network.worker.status();
  const model = flags.model && !isModelFile(flags.model) ? flags.model : models[0]!;
  if (!models.includes(model)) throw notOffered(model, models);
  if (flags.ask !== undefined) {
    output.json(await askAndSettle(context, network, model, flags.ask));
    return;
  }
  printBanner(output, programName(context.environment), network.sidecar.url, models);
  output.json({
    base_url: `${network.sidecar.url}/v1`,
    coordinator: network.coordinator.url,
    models,
  });
  await untilStopped(context.shutdown);
  output.note("Stopping…");
}

/** By its ending, or because it is there: names of models hold slashes too. */
const isModelFile = (text: string) => text.toLowerCase().endsWith(".gguf") || existsSync(text);

const notOffered = (model: string, models: readonly string[]) =>
  new TroopError(
    "model_not_found",
    `Nothing on this machine offers "${model}". On offer: ${models.join(", ")}. A file is named by its path.`,
    { details: { run: `${again} --model ${shellWord(models[0] ?? "troop-toy")}` } },
  );

/** The built-in model first, so that it is the one that answers unless another is asked for. */
async function demoEngines(context: CommandContext, { ask, model }: DemoFlags): Promise<Engine[]> {
  const file = model !== undefined && isModelFile(model) ? model : toyModelFile;
  const needsOthers = ask === undefined || (model !== undefined && !isModelFile(model));
  const builtIn = await builtInEngine(context, file);
  if (!needsOthers) return [builtIn];
  const { engines } = await runningEngines(context, readEngineSettings({}).addresses);
  return [builtIn, ...engines];
}

/** Keys and books of a demo are thrown away with it, unless it was given a folder to keep them in. */
function demoFolder(kept: string | undefined): Disposable & { path: string } {
  if (kept !== undefined) return { path: ensureFolder(kept), [Symbol.dispose]: () => undefined };
  const path = mkdtempSync(join(tmpdir(), "monkey-troop-demo-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  // Also where a second Ctrl-C ends the process at once: the folder holds keys.
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off("exit", remove);
      remove();
    },
  };
}
