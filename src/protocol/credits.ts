/**
 * Amounts. In code and SQL they are bigint micro-credits; on the wire, in `--json` and CSV, text with
 * exactly six decimals. Rates are finer: bigint pico-credits, twelve decimals. Nothing is ever a float.
 */
import { z } from "zod";

/** One credit buys one second of an RTX 3060. */
export const microPerCredit = 1_000_000n;
const picoPerMicro = 1_000_000n;

export type Micro = bigint;
/** Pico-credits: a rate per second or per token. */
export type Pico = bigint;

function toDecimal(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const split = digits.length - decimals;
  return `${value < 0n ? "-" : ""}${digits.slice(0, split)}.${digits.slice(split)}`;
}

const fromDecimal = (text: string): bigint => BigInt(text.replace(".", ""));

export const formatCredits = (amount: Micro): string => toDecimal(amount, 6);
export const formatRate = (rate: Pico): string => toDecimal(rate, 12);
/** A multiplier is text with four decimals; in code an integer of ten-thousandths. */
export const formatMultiplier = (tenThousandths: number): string =>
  toDecimal(BigInt(tenThousandths), 4);

const decimal = (decimals: number, example: string) =>
  z
    .string()
    .regex(
      new RegExp(`^(0|[1-9][0-9]{0,14})\\.[0-9]{${decimals}}$`),
      `a decimal such as "${example}"`,
    );

/** Wire forms: validated text, so that what arrives is known to be exact. */
export const creditsText = decimal(6, "12.400000");
export const rateText = decimal(12, "0.050000000000");
export const multiplierText = decimal(4, "1.0000");

/** @param text validated by `creditsText` */
export const parseCredits = (text: string): Micro => fromDecimal(text);
export const parseRate = (text: string): Pico => fromDecimal(text);
export const parseMultiplier = (text: string): number => Number(fromDecimal(text));

/** As a person may write them: `1000`, `1000.0`, `0.5`. Returns `undefined` for anything else. */
function readDecimal(text: string, decimals: number): bigint | undefined {
  const [, whole, part = ""] = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]+))?$/.exec(text) ?? [];
  if (whole === undefined || part.length > decimals) return undefined;
  return fromDecimal(`${whole}.${part.padEnd(decimals, "0")}`);
}

/** Credits in a setting. */
export const readCredits = (text: string): Micro | undefined => readDecimal(text, 6);
/** Credits a second in a setting. */
export const readRate = (text: string): Pico | undefined => readDecimal(text, 12);

/** Division of non-negative amounts. The rounding is in the name; this is the only file that divides credits. */
export const divideUp = (dividend: bigint, divisor: bigint): bigint =>
  (dividend + divisor - 1n) / divisor;
export const divideDown = (dividend: bigint, divisor: bigint): bigint => dividend / divisor;

/** Costs are rounded up to the micro-credit. */
export const picoToMicroUp = (pico: Pico): Micro => divideUp(pico, picoPerMicro);
