/** How much work joining costs, and the challenges that say so. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";
import { divideDown, type Micro } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import {
  isSolution,
  readPuzzle,
  type PuzzleBody,
  type PuzzleSolution,
} from "../../protocol/puzzle.ts";

/** Hashes that joining costs while the faucet is full: some seconds of a laptop. */
export const usualWork = 64;
/** How many times as much it costs when the faucet is empty. */
const hardestTimes = 32;
const saltBytes = 16;

/**
 * The work doubles whenever the faucet has half of what it had. Pure.
 * @param least hashes while it is full
 */
export function workFor(left: Micro, full: Micro, least: number = usualWork): number {
  if (full <= 0n || left >= full) return least;
  const hardest = least * hardestTimes;
  if (left <= 0n) return hardest;
  return Math.min(hardest, Number(divideDown(BigInt(least) * full, left)));
}

export interface JoinWork {
  /** A challenge for whoever holds the key `account` is named by. */
  challengeFor(account: string, work: number): string;
  /** @throws TroopError `puzzle_invalid` */
  check(account: string, solution: PuzzleSolution): Promise<void>;
}

/** @param secret known to every coordinator of the network, and to nobody else */
export function createJoinWork(
  secret: string,
  { clock, random }: { clock: Clock; random: Random },
): JoinWork {
  const signatureOf = (payload: string): Buffer =>
    createHmac("sha256", secret).update(`troop-puzzle/1 ${payload}`).digest();

  return {
    challengeFor(account, work) {
      const body: PuzzleBody = {
        account,
        salt: toBase64url(random.bytes(saltBytes)),
        work,
        expires: clock.now() + limits.puzzleLifeMs,
      };
      const payload = toBase64url(Buffer.from(JSON.stringify(body)));
      return `${payload}.${toBase64url(signatureOf(payload))}`;
    },

    async check(account, solution) {
      const [payload = "", sent = "", ...rest] = solution.challenge.split(".");
      const signature = fromBase64url(sent);
      const expected = signatureOf(payload);
      const isOurs =
        rest.length === 0 &&
        signature?.length === expected.length &&
        timingSafeEqual(signature, expected);
      const puzzle = isOurs ? readPuzzle(solution.challenge) : undefined;
      if (!puzzle) throw new TroopError("puzzle_invalid", "The challenge was not made here.");
      if (puzzle.account !== account)
        throw new TroopError("puzzle_invalid", "The challenge was made for another key.");
      if (puzzle.expires <= clock.now())
        throw new TroopError("puzzle_invalid", "The challenge is too old; ask for another.");
      // Last, because it is what costs.
      if (!(await isSolution(solution, puzzle.work)))
        throw new TroopError("puzzle_invalid", "The number does not solve the challenge.");
    },
  };
}
