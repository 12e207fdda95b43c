/** `troop worker`: lends this machine's engine until it is told to stop. */
import { join } from "node:path";
import { ensureFolder } from "../../host/folders.ts";
import { toyModelFile } from "../../host/package.ts";
import { shellWord } from "../../host/shell-word.ts";
import { loadSigner } from "../../host/key-file.ts";
import { detectMesh, meshSources, watchMesh } from "../../host/mesh/mesh.ts";
import { leaveRunFile } from "../../host/run-file.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { readRelays, readWorkerConfig } from "../../worker/config.ts";
import type { Engine } from "../../worker/engines/engine.ts";
import { startWorker } from "../../worker/worker.ts";
import { type CommandContext, coordinatorUrl, reachCoordinator } from "../context.ts";
import { builtInEngine, namedEngine, runningEngines, together } from "../engines.ts";
import { identityOf } from "../identity.ts";
import { joinFirst, type JoinFlags } from "../join.ts";
import { listenFlag, type ListenFlags, namingPortHolder } from "../port-flag.ts";
import { again } from "../typed-command.ts";
import { untilStopped } from "../until-stopped.ts";

export interface WorkerFlags extends ListenFlags, JoinFlags {
  model?: string;
  engine?: string;
  relay?: string;
}

export async function worker(context: CommandContext, flags: WorkerFlags): Promise<void> {
  const { output, environment, config, clock, random } = context;
  const url = coordinatorUrl(context);
  const dataFolder = ensureFolder(join(config.dataFolder, "worker"));
  const settings = readWorkerConfig(environment, {
    coordinatorUrl: url,
    dataFolder,
    listen: listenFlag(flags),
    relays: flags.relay === undefined ? undefined : readRelays(flags.relay, url),
  });
  const { signer: owner, accountId } = await identityOf(context);
  const node = await loadSigner(join(dataFolder, "node.key.json"), random);
  // Before an engine is fetched or a model is loaded.
  await reachCoordinator(context);
  await joinFirst(context, { signer: owner, accountId }, flags);
  await using engines = together(await chosenEngines(context, flags, settings.engineOrigins));
  const mesh = watchMesh(await detectMesh(meshSources(environment, clock)));
  await using running = await namingPortHolder(flags, () =>
    startWorker(settings, { ...context, engines: engines.all, node, owner, accountId, mesh }),
  );
  using _note = leaveRunFile(config.dataFolder, "worker", {
    url: running.url,
    pid: process.pid,
    coordinator: url,
  });
  output.say(`Lending as node ${output.bold(running.nodeId.slice(0, 12))} at ${running.url}`);
  const { models } = running.status();
  for (const name of models) output.say(`  ${name}`);
  if (models.length === 0) {
    const seconds = settings.modelRefreshMs / 1_000;
    output.note(`No model to lend yet. One that your engine gets is offered within ${seconds} s.`);
  }
  output.json({ node_id: running.nodeId, url: running.url, account_id: accountId });
  await untilStopped(context.shutdown);
  output.note("Finishing what runs; press Ctrl-C again to stop at once.");
}

async function chosenEngines(
  context: CommandContext,
  { model, engine }: WorkerFlags,
  origins: readonly string[],
): Promise<Engine[]> {
  if (model !== undefined) return [await builtInEngine(context, model)];
  if (engine !== undefined) return [await namedEngine(context, engine)];
  const found = await runningEngines(context, origins);
  if (found.length > 0) return found;
  throw new TroopError("engine_unavailable", "No inference engine runs on this machine.", {
    details: {
      run: `${again} --model ${shellWord(toyModelFile)}    (or start Ollama, vLLM, LM Studio or llama-server first)`,
    },
  });
}
