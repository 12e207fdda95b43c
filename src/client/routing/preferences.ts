/** What a requester wants of a node beside speed: their settings, and what one request says over them. Pure. */
import { z } from "zod";
import { type Micro, parseRate, type Pico, readRate } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { thumbprintText } from "../../protocol/ids.ts";
import { limits } from "../../protocol/limits.ts";
import type { OfferedModel, Peer } from "../../protocol/node.ts";

export const prefers = ["balance", "speed", "price", "own"] as const;
export type Prefer = (typeof prefers)[number];

export interface Preferences {
  /** What counts most: `balance` weighs time and credits, `own` takes one's own nodes while they have room. */
  prefer: Prefer;
  /** For a second of the node; undefined: any. */
  maxPrice: Pico | undefined;
  /** Node ids; empty: all. */
  only: readonly string[];
  never: readonly string[];
  /** Of the model, as its engine published it; undefined: any. */
  digest: string | undefined;
  /** Upper case; wanted where somebody has one of them, no condition where nobody does. */
  quantizations: readonly string[];
  /** A second node is asked once a first word is late by this factor; undefined: never. */
  hedgeAfter?: number | undefined;
}

export const noPreferences: Preferences = {
  prefer: "balance",
  maxPrice: undefined,
  only: [],
  never: [],
  digest: undefined,
  quantizations: [],
};

const idsMost = 256;
const ids = z.array(thumbprintText).max(idsMost);
const price = z.union([z.number(), z.string()]).transform((value, context) => {
  const rate = readRate(String(value));
  if (rate === undefined) context.addIssue("credits a second are meant, such as 0.5");
  return rate ?? z.NEVER;
});
const quantization = z.string().min(1).max(limits.shortTextCharacters).toUpperCase();
const quantizationsMost = 16;
/** Below one the first would never be waited for. */
export const hedgeFactor = z.number().min(1).max(100);
const requested = z.strictObject({
  prefer: z.enum(prefers).optional(),
  max_price: price.optional(),
  only: ids.optional(),
  never: ids.optional(),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 hexadecimal digits are meant")
    .optional(),
  quantization: z
    .union([quantization.transform((one) => [one]), z.array(quantization).max(quantizationsMost)])
    .optional(),
  hedge_after: hedgeFactor.nullable().optional(),
});

/**
 * A request's own `troop` member over the settings. It may narrow them and not widen them: a setting
 * is also a promise.
 * @throws TroopError `invalid_value` with the parameter's name, `node_not_allowed`
 */
export function readPreferences(value: unknown, settings: Preferences): Preferences {
  if (value === undefined || value === null) return settings;
  const parsed = requested.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = ["troop", ...(issue?.path ?? [])].join(".");
    throw new TroopError("invalid_value", `\`${param}\`: ${issue?.message}.`, { param });
  }
  const {
    prefer,
    max_price,
    only = [],
    never = [],
    digest,
    quantization = [],
    hedge_after,
  } = parsed.data;
  return {
    prefer: prefer ?? settings.prefer,
    maxPrice: lower(settings.maxPrice, max_price),
    only: common(settings.only, only),
    never: [...settings.never, ...never],
    digest: digest ?? settings.digest,
    quantizations: quantization,
    // It costs nothing that caps do not bound.
    hedgeAfter: hedge_after === undefined ? settings.hedgeAfter : (hedge_after ?? undefined),
  };
}

/** An empty list allows all; two that have nothing in common allow nobody. @throws TroopError `node_not_allowed` */
function common(left: readonly string[], right: readonly string[]): readonly string[] {
  if (left.length === 0 || right.length === 0) return [...left, ...right];
  const both = left.filter((id) => right.includes(id));
  if (both.length === 0)
    throw new TroopError(
      "node_not_allowed",
      "No node is both in `troop.only` and in the settings.",
    );
  return both;
}

function lower(left: Pico | undefined, right: Pico | undefined): Pico | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return left <= right ? left : right;
}

/** Whether a node may be used at all. */
export function isWelcome({ maxPrice, only, never }: Preferences, node: Peer): boolean {
  if (never.includes(node.node_id)) return false;
  if (only.length > 0 && !only.includes(node.node_id)) return false;
  return maxPrice === undefined || parseRate(node.price) <= maxPrice;
}

/** Whether it is the model that is meant, by its digest. */
export const isMeant = ({ digest }: Preferences, offer: OfferedModel): boolean =>
  digest === undefined || offer.digest === digest;

/** @param offered quantizations that engines state */
export const hasWanted = (
  { quantizations }: Preferences,
  offered: readonly (string | undefined)[],
): boolean =>
  quantizations.length === 0 ||
  offered.some((one) => one !== undefined && quantizations.includes(one.toUpperCase()));

/** Whether there are nodes that it must not go to. */
export const isNarrow = ({ maxPrice, only, never, digest }: Preferences): boolean =>
  maxPrice !== undefined || only.length > 0 || never.length > 0 || digest !== undefined;

/** How much credits weigh against time: to the power of what a request costs. */
const priceWeight: Readonly<Record<Prefer, number>> = {
  balance: 0.2,
  speed: 0,
  price: 2,
  own: 0.2,
};

/** Lower is better. @param cost what the request may cost there */
export function weigh({ prefer }: Preferences, ms: number, cost: Micro): number {
  return ms * Math.max(1, Number(cost)) ** priceWeight[prefer];
}
