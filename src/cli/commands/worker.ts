/** `troop worker`: lends this machine's engine until it is told to stop. */
import { join } from "node:path";
import { ensureFolder } from "../../host/folders.ts";
import { loadSigner } from "../../host/key-file.ts";
import { mustBeFree } from "../../host/listen.ts";
import { detectMesh, meshSources, watchMesh } from "../../host/mesh/mesh.ts";
import { createRunProgram } from "../../host/run-program.ts";
import { leaveRunFile } from "../../host/run-file.ts";
import { readRelays, readWorkerConfig } from "../../worker/config.ts";
import { readGuestSettings } from "../../worker/guests/config.ts";
import type { Audience } from "../../worker/guests/settings.ts";
import type { PresenceStatus } from "../../worker/idle/owner.ts";
import { readOwnerSettings } from "../../worker/idle/config.ts";
import { sensesHere } from "../../worker/idle/senses.ts";
import type { Yield } from "../../worker/idle/settings.ts";
import { describeGpus } from "../../worker/proof/describe-gpus.ts";
import { startWorker } from "../../worker/worker.ts";
import { type CommandContext, coordinatorUrl, reachCoordinator } from "../context.ts";
import { engineHead, engineRows } from "../engine-table.ts";
import { chosenEngines, together } from "../engines.ts";
import { identityOf } from "../identity.ts";
import { joinFirst, type JoinFlags } from "../join.ts";
import { measured } from "../measured.ts";
import { listenFlag, type ListenFlags, namingPortHolder } from "../port-flag.ts";
import { startProverHere } from "../prover.ts";
import { untilStopped } from "../until-stopped.ts";

export interface WorkerFlags extends ListenFlags, JoinFlags {
  model?: string;
  engine?: string;
  relay?: string;
  yield?: Yield;
  for?: Audience;
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
    idle: readOwnerSettings(environment, flags.yield && { yield: flags.yield }),
    guests: readGuestSettings(environment, flags.for && { lendTo: flags.for }),
  });
  const { signer: owner, accountId } = await identityOf(context);
  const node = await loadSigner(join(dataFolder, "node.key.json"), random);
  // Before an engine is fetched or a model is loaded.
  await reachCoordinator(context);
  await joinFirst(context, { signer: owner, accountId }, flags);
  const { listen } = settings;
  if (listen) await namingPortHolder(flags, () => mustBeFree(listen));
  const chosen = await chosenEngines(context, flags, settings.engines.addresses);
  await using engines = together(chosen.engines);
  const mesh = watchMesh(await detectMesh(meshSources(environment, clock)));
  const gpus = await describeGpus(createRunProgram(environment, clock));
  await using running = await namingPortHolder(flags, () =>
    startWorker(settings, {
      ...{ ...context, ...chosen, engines: engines.all, node, owner, accountId, mesh },
      senses: sensesHere(environment, clock),
      gpus,
      startProver: startProverHere(context),
      onPresence: ({ state, detail }) => output.note(presenceNote(state, detail)),
    }),
  );
  await using _measured = await measured(context, running);
  using _note = leaveRunFile(config.dataFolder, "worker", {
    url: running.url,
    pid: process.pid,
    coordinator: url,
  });
  output.say(`Lending as node ${output.bold(running.nodeId.slice(0, 12))} at ${running.url}`);
  const inventory = running.inventory();
  output.table(engineHead, engineRows(inventory));
  if (running.status().models.length === 0) {
    const seconds = settings.modelRefreshMs / 1_000;
    output.note(`No model to lend yet. One that your engine gets is offered within ${seconds} s.`);
  }
  output.json({
    ...{ node_id: running.nodeId, url: running.url, account_id: accountId, engines: inventory },
  });
  const isFinished = new AbortController();
  void running.finished.then(() => isFinished.abort());
  await untilStopped(AbortSignal.any([context.shutdown, isFinished.signal]));
  if (isFinished.signal.aborted) return output.note("Finished, as `troop worker finish` asked.");
  output.note("Finishing what runs; press Ctrl-C again to stop at once.");
}

const presenceNote = (state: PresenceStatus["state"], detail: string | null): string =>
  state === "present"
    ? `The machine is yours (${detail}): nothing is taken until it was quiet for 30 seconds.`
    : "Lending again.";
