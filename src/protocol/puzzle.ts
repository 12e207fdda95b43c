/**
 * The work that joining costs where a coordinator asks for it: memory-hard, so that accounts cannot be had by the
 * thousand. The challenge is the coordinator's own signed text, which names the key that asks; it keeps nothing.
 *
 * A solution is a number whose scrypt hash over the challenge, read as a fraction of its range, is below 1 ÷ `work`:
 * `work` hashes on average, one to check.
 */
import { scrypt, type ScryptOptions } from "node:crypto";
import { z } from "zod";
import { fromBase64url } from "./bytes.ts";
import { thumbprintText } from "./ids.ts";
import { limits } from "./limits.ts";

/** 16 MiB and about 40 ms a hash (RFC 7914 names N = 2^14, r = 8 for interactive use). */
const cost: ScryptOptions = { N: 16_384, r: 8, p: 1, maxmem: 64 * 1_024 * 1_024 };
const hashBytes = 6;
const hashRange = 256 ** hashBytes;

export const puzzleBody = z.strictObject({
  /** Whose account it is for. */
  account: thumbprintText,
  salt: z.string().length(22),
  /** Hashes it takes on average. A client refuses to be kept busy for longer. */
  work: z.int().min(1).max(limits.puzzleWorkMost),
  /** Coordinator time, ms. */
  expires: z.int().nonnegative(),
});
export type PuzzleBody = z.infer<typeof puzzleBody>;

export const puzzleSolution = z.strictObject({
  challenge: z.string().max(limits.proofBytes),
  nonce: z.int().nonnegative(),
});
export type PuzzleSolution = z.infer<typeof puzzleSolution>;

/** The part of a challenge before its signature; undefined where it is of another shape. */
export function readPuzzle(challenge: string): PuzzleBody | undefined {
  const [payload = ""] = challenge.split(".");
  const bytes = fromBase64url(payload);
  if (!bytes) return undefined;
  try {
    return puzzleBody.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Computed outside the event loop. */
export function isSolution({ challenge, nonce }: PuzzleSolution, work: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    scrypt(String(nonce), challenge, hashBytes, cost, (error, hash) => {
      if (error) reject(error);
      else resolve(hash.readUIntBE(0, hashBytes) < hashRange / work);
    });
  });
}

export interface SolveOptions {
  work: number;
  /** Hashes that are computed side by side. */
  parallel: number;
  signal: AbortSignal;
  /** @param share how probable it is that the solution would have been found by now */
  onProgress?: ((share: number) => void) | undefined;
}

/** Tries one number after the other, as long as it takes. Rejects when `signal` aborts. */
export async function solvePuzzle(
  challenge: string,
  { work, parallel, signal, onProgress }: SolveOptions,
): Promise<PuzzleSolution> {
  let next = 0;
  let tried = 0;
  let found: PuzzleSolution | undefined;
  const tryOn = async () => {
    while (!found) {
      signal.throwIfAborted();
      const solution = { challenge, nonce: next };
      next += 1;
      if (await isSolution(solution, work)) found = solution;
      tried += 1;
      onProgress?.(1 - Math.exp(-tried / work));
    }
    return found;
  };
  const [solution] = await Promise.all(Array.from({ length: parallel }, tryOn));
  return solution!;
}
