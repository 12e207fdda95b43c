/** `troop up`: the local API that applications talk to. */
import { join, resolve } from "node:path";
import { readIds, readSidecarConfig } from "../../client/config.ts";
import { readCapFlag } from "../../client/spending/config.ts";
import { startSidecar } from "../../client/sidecar.ts";
import { decideApiKey } from "../../host/api-key.ts";
import { dataFolder, ensureFolder } from "../../host/folders.ts";
import { otherHumansHere } from "../../host/human-accounts.ts";
import { detectMesh, meshSources, watchMesh } from "../../host/mesh/mesh.ts";
import { leaveRunFile } from "../../host/run-file.ts";
import { type CommandContext, coordinatorUrl, reachCoordinator } from "../context.ts";
import { identityOf } from "../identity.ts";
import { joinFirst, type JoinFlags } from "../join.ts";
import { measured } from "../measured.ts";
import { listenFlag, type ListenFlags, namingPortHolder } from "../port-flag.ts";
import { untilStopped } from "../until-stopped.ts";

export interface UpFlags extends ListenFlags, JoinFlags {
  socket?: string;
  onlyNodes?: string;
  onlyOwners?: string;
  spendHourly?: string;
  spendDaily?: string;
}

export async function up(context: CommandContext, flags: UpFlags): Promise<void> {
  const { output, environment, config, clock } = context;
  const url = coordinatorUrl(context);
  const { signer: account, accountId } = await identityOf(context);
  const others = otherHumansHere();
  const apiKey = decideApiKey(environment, ensureFolder(config.dataFolder), others, context.random);
  const settings = readSidecarConfig(environment, {
    coordinatorUrl: url,
    dataFolder: ensureFolder(join(config.dataFolder, "client")),
    listen: listenFlag(flags),
    socket: flags.socket === undefined ? undefined : resolve(flags.socket),
    apiKey: apiKey.key,
    onlyNodes: idsFlag(flags.onlyNodes, "--only-nodes"),
    onlyOwners: idsFlag(flags.onlyOwners, "--only-owners"),
    caps: {
      hourly: readCapFlag(flags.spendHourly, "--spend-hourly"),
      daily: readCapFlag(flags.spendDaily, "--spend-daily"),
    },
  });
  await reachCoordinator(context);
  await joinFirst(context, { signer: account, accountId }, flags);
  const mesh = watchMesh(await detectMesh(meshSources(environment, clock)));
  await using sidecar = await namingPortHolder(flags, () =>
    startSidecar(settings, { ...context, ...homeOf(context), account, accountId, mesh }),
  );
  await using _measured = await measured(context, sidecar);
  using _note = leaveRunFile(config.dataFolder, "client", {
    url: sidecar.url,
    pid: process.pid,
    coordinator: url,
  });
  output.say(
    `Ready. Point any OpenAI-compatible application at ${output.bold(`${sidecar.url}/v1`)}`,
  );
  if (apiKey.file !== undefined) {
    const who = others.slice(0, 3).join(", ") + (others.length > 3 ? ", …" : "");
    output.say(`Other people have accounts on this machine (${who}): your applications`);
    output.say(`must send the key in ${apiKey.file}, or set TROOP_API_KEY=any.`);
  }
  if (settings.socket !== undefined) output.say(`Without a key, for you alone: ${settings.socket}`);
  output.json({
    ...{ url: sidecar.url, base_url: `${sidecar.url}/v1`, account_id: accountId },
    ...{ socket: settings.socket ?? null, api_key_file: apiKey.file ?? null },
  });
  await untilStopped(context.shutdown);
  output.note("Stopping…");
}

const idsFlag = (text: string | undefined, flag: string) =>
  text === undefined ? undefined : readIds(text, flag);

/** Whoever types a command elsewhere has neither this one's flags nor its environment. */
const homeOf = ({ config: { dataFolder: home } }: CommandContext) =>
  home === dataFolder({}) ? {} : { home };
