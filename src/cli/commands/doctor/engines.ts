/** Which inference engines answer here. Somebody who only asks needs none. */
import { toyModelFile } from "../../../host/package.ts";
import { shellWord } from "../../../host/shell-word.ts";
import { workHere } from "../../worker-work.ts";
import type { Desk } from "./desk.ts";
import { type Found, ok, warning } from "./finding.ts";

export interface EngineFacts {
  /** `models` is undefined where it was found and then did not say. */
  engines: readonly { type: string; origin: string; models: number | undefined }[];
  /** Origins where something wants a key. */
  locked: readonly string[];
  /** Models that the worker here offers: the built-in engine's, or of one that `--engine` named. */
  lent: number;
}

export function judgeEngines({ engines, locked, lent }: EngineFacts): Found[] {
  const found = engines.map(({ type, origin, models }): Found => {
    const place = `${type} at ${origin}`;
    if (models === undefined)
      return warning(
        "engine_silent",
        `${place} does not list its models.`,
        `curl ${origin}/v1/models`,
      );
    if (models === 0)
      return warning("engine_empty", `${place} has no model to lend.`, getModel(type, origin));
    return ok("engine_found", `${place}, ${modelsText(models)}.`);
  });
  const shut = locked.map((origin) =>
    warning("engine_locked", `What answers at ${origin} wants an API key.`, "troop worker --help"),
  );
  if (found.length + shut.length > 0) return [...found, ...shut];
  if (lent > 0) return [ok("engine_lent", `The worker here lends its own, ${modelsText(lent)}.`)];
  return [
    warning(
      "engine_none",
      "No inference engine answers on this machine. Lending needs one; the built-in one takes a model file.",
      `troop worker --model ${shellWord(toyModelFile)}`,
    ),
  ];
}

const modelsText = (count: number) => `${count} model${count === 1 ? "" : "s"}`;

const getModel = (type: string, origin: string) =>
  type === "ollama" ? "ollama pull qwen3:8b" : `curl ${origin}/v1/models`;

async function lookAtEngines({ engines, context }: Desk): Promise<EngineFacts> {
  return {
    engines: await Promise.all(
      engines.engines.map(async (engine) => {
        const told = await engine.inspect(context.shutdown).catch(() => undefined);
        return { type: engine.type, origin: engine.origin, models: told?.models.length };
      }),
    ),
    locked: engines.locked.map(({ origin }) => origin),
    // A worker that does not say lends nothing that we know of.
    lent: (await workHere(context).catch(() => undefined))?.models.length ?? 0,
  };
}

export const checkEngines = async (desk: Desk): Promise<Found[]> =>
  judgeEngines(await lookAtEngines(desk));
