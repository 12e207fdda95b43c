/** Joining a network: by nothing, by an invitation, or by work, whatever its coordinator asks for. */
import { availableParallelism } from "node:os";
import { createUserAnswer, type CreateUserRequest } from "../protocol/endpoints.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { readPuzzle, solvePuzzle } from "../protocol/puzzle.ts";
import type { Signer } from "../protocol/signature.ts";
import type { CoordinatorClient } from "./coordinator-client.ts";

export interface JoinOptions {
  coordinator: Pick<CoordinatorClient, "call">;
  account: Signer;
  /** A code that somebody handed out. */
  invite?: string | undefined;
  signal: AbortSignal;
  /** Work has begun; the share is how probable it is that it would have been done by now. */
  onProgress?: (share: number) => void;
}

/** Hashes run on Node's own pool, which has four threads. */
const poolThreads = 4;
/** A challenge may have grown too old on a slow machine. */
const attempts = 2;

/**
 * Makes the account where it is new; otherwise nothing is asked.
 * @throws TroopError `join_required` where an invitation is needed, `invite_invalid`, `puzzle_invalid`, and what any
 *   call to the coordinator may fail with
 */
export async function joinNetwork(options: JoinOptions): Promise<{ created: boolean }> {
  const { coordinator, account, invite, signal, onProgress } = options;
  const ask = (body: CreateUserRequest) =>
    coordinator.call({
      method: "POST",
      path: "/users",
      body,
      answer: createUserAnswer,
      signer: account,
      signal,
    });

  let body: CreateUserRequest = invite === undefined ? {} : { invite };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(body);
    } catch (error) {
      if (!(error instanceof TroopError) || attempt > attempts) throw error;
      if (error.code === "puzzle_invalid") {
        body = {};
        continue;
      }
      const challenge = error.code === "join_required" ? error.details["challenge"] : undefined;
      if (typeof challenge !== "string") throw error;
      const work = workOf(challenge, account.id);
      const parallel = Math.min(poolThreads, availableParallelism());
      body = { puzzle: await solvePuzzle(challenge, { work, parallel, signal, onProgress }) };
    }
  }
}

/** Nobody is kept busy for longer than the protocol allows, nor for another's account. */
function workOf(challenge: string, account: string): number {
  const puzzle = readPuzzle(challenge);
  if (puzzle?.account === account) return puzzle.work;
  throw new TroopError("puzzle_invalid", "The coordinator asks for work that it may not ask for.");
}
