/** Settings about which node and which model a request goes to: read from the environment and flags. */
import { z } from "zod";
import { type Environment, readSettings } from "../../host/env.ts";
import { readRate } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import { thumbprints } from "../list-setting.ts";
import { isChoiceName } from "./model-choice.ts";
import { hedgeFactor, noPreferences, type Preferences, prefers } from "./preferences.ts";

export interface RoutingSettings {
  preferences: Preferences;
  /** Names of one's own, each for models in the order in which they are wanted. */
  modelLists: ReadonlyMap<string, readonly string[]>;
}

const partsOf = (text: string, separator: string): string[] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);

const modelsMost = 32;

/** `coder=qwen3-coder:30b,qwen3:32b; small=qwen3:4b`: model names hold neither commas nor semicolons. */
const modelLists = z.string().transform((text, context) => {
  const lists = new Map<string, string[]>();
  for (const part of partsOf(text, ";")) {
    const [name = "", models = "", further] = part.split("=").map((side) => side.trim());
    const list = partsOf(models, ",");
    const isList = name !== "" && list.length > 0 && list.length <= modelsMost;
    const isShort = [name, ...list].every(({ length }) => length <= limits.modelNameCharacters);
    if (!isList || !isShort || further !== undefined || isChoiceName(name))
      context.addIssue(`"${part}" is no list such as coder=qwen3-coder:30b,qwen3:32b`);
    else lists.set(name, list);
  }
  return lists;
});

const price = z.string().transform((text, context) => {
  const rate = readRate(text);
  if (rate === undefined) context.addIssue(`"${text}" is no price: credits a second, such as 0.5`);
  return rate ?? z.NEVER;
});

const settings = z.object({
  PREFER: z.enum(prefers).default("balance"),
  MAX_PRICE: price.optional(),
  NEVER_NODES: thumbprints.default([]),
  HEDGE_AFTER: z.coerce.number().pipe(hedgeFactor).optional(),
  MODEL_LISTS: modelLists.default(new Map()),
});

/** @throws TroopError `configuration_invalid` naming the setting */
export function readRoutingSettings(environment: Environment): RoutingSettings {
  const read = readSettings(environment, settings);
  return {
    preferences: {
      ...noPreferences,
      prefer: read.PREFER,
      maxPrice: read.MAX_PRICE,
      never: read.NEVER_NODES,
      hedgeAfter: read.HEDGE_AFTER,
    },
    modelLists: read.MODEL_LISTS,
  };
}
