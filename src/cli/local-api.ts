/** The sidecar that runs here, and which of its models is to be used. */
import { request } from "undici";
import { z } from "zod";
import { deadline } from "../base/clock.ts";
import { knownApiKey } from "../host/api-key.ts";
import { readRunFile } from "../host/run-file.ts";
import { isChoiceName } from "../client/routing/model-choice.ts";
import { errorAnswer } from "../protocol/endpoints.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import type { CommandContext } from "./context.ts";
import { again } from "./typed-command.ts";
import type { Target } from "./commands/launch/tool.ts";

const health = z.looseObject({ service: z.literal("monkey-troop-client") });
const listed = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), context_length: z.int().positive().nullish() })),
});
type ListedModel = z.infer<typeof listed>["data"][number];

/** Undefined where any key will do. */
export const apiKeyOf = ({ environment, config }: CommandContext): string | undefined =>
  knownApiKey(environment, config.dataFolder);

/**
 * @param wanted the model's name
 * @param named the sidecar's URL; without it the one that runs on the data folder
 * @throws TroopError `client_not_running`, `invalid_api_key`, `model_not_found`, `no_nodes_available`, `usage`
 */
export async function findTarget(
  context: CommandContext,
  wanted: string | undefined,
  named?: string,
): Promise<Target> {
  const note = readRunFile(context.config.dataFolder, "client");
  const url = named?.replace(/(\/v1)?\/*$/, "") ?? note?.url;
  if (url === undefined)
    throw new TroopError(
      "client_not_running",
      `No local API runs on ${context.config.dataFolder}.`,
    );
  if (!URL.canParse(url))
    throw new TroopError("usage", `--url takes one such as http://127.0.0.1:9000, not ${url}.`);
  const { body } = await ask(context, url, "/health");
  if (!health.safeParse(body).success)
    throw new TroopError("client_not_running", `What answers at ${url} is no local API of ours.`);
  const models = await listModels(context, url);
  const isListed = wanted === undefined || models.some((model) => model.id === wanted);
  if (!isListed) throw await notListed(context, url, wanted, models);
  const { id, context_length } = await pick(context, models, wanted);
  return {
    ...{ url, model: id, contextLength: context_length ?? undefined },
    needsKey: apiKeyOf(context) !== undefined,
  };
}

/** @param url the sidecar's. @throws TroopError `client_not_running`, `invalid_api_key`, `coordinator_unreachable` */
export async function listModels(context: CommandContext, url: string): Promise<ListedModel[]> {
  const models = await ask(context, url, "/v1/models");
  if (models.status === 401) throw new TroopError("invalid_api_key");
  const { data } = listed.safeParse(models.body);
  if (!data) throw new TroopError("coordinator_unreachable", "The local API cannot list models.");
  return data.data;
}

/** The local API knows whether it is gone for a moment; where it is not, what there is helps more. */
async function notListed(
  context: CommandContext,
  url: string,
  wanted: string,
  models: readonly ListedModel[],
): Promise<TroopError> {
  const { status, body } = await ask(context, url, `/v1/models/${encodeURIComponent(wanted)}`);
  const said = status === 503 ? errorAnswer.safeParse(body).data?.error : undefined;
  if (said?.code === "no_nodes_available") return new TroopError(said.code, said.message);
  const offered = onOffer(models.map(({ id }) => id));
  return new TroopError("model_not_found", `${wanted} is not on offer. ${offered}`);
}

/** Named and listed, the only one, or chosen by the person who is there. */
async function pick(
  { questions }: CommandContext,
  models: readonly ListedModel[],
  wanted: string | undefined,
): Promise<ListedModel> {
  const names = models.map(({ id }) => id);
  if (wanted !== undefined) return models.find(({ id }) => id === wanted)!;
  const [first, another] = models.filter(({ id }) => !isChoiceName(id));
  if (!first) throw new TroopError("model_not_found", onOffer(names));
  if (!another) return first;
  if (!questions.isPossible)
    throw new TroopError("usage", `Which model? ${onOffer(names)}`, {
      details: { run: `${again} --model <name>` },
    });
  const chosen = await questions.choose("Which model?", names);
  return models.find(({ id }) => id === chosen)!;
}

const onOffer = (names: readonly string[]): string =>
  names.length === 0 ? "No model is on offer." : `On offer: ${names.join(", ")}.`;

/** @throws TroopError `client_not_running`: the note outlives a process that was killed */
async function ask(
  context: CommandContext,
  url: string,
  path: string,
): Promise<{ status: number; body: unknown }> {
  const { clock, shutdown } = context;
  using timer = deadline(clock, limits.readTimeoutMs, new TroopError("timeout"));
  const key = apiKeyOf(context);
  try {
    const response = await request(`${url}${path}`, {
      signal: AbortSignal.any([shutdown, timer.signal]),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    return { status: response.statusCode, body: await response.body.json() };
  } catch (error) {
    shutdown.throwIfAborted();
    throw new TroopError("client_not_running", `No local API answers at ${url}.`, { cause: error });
  }
}
