/** A node's answers to a challenge: the commitment, which stops the clock, and what it is then asked to show. */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { fromBase64url } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type {
  CommitAnswer,
  CommitRequest,
  VerifyAnswer,
  VerifyRequest,
} from "../../protocol/hardware-proof/wire.ts";
import type { MemoryOpening } from "../../protocol/hardware-proof/memory-opening.ts";
import type { Opening, RowPlace } from "../../protocol/hardware-proof/opening.ts";
import { limits } from "../../protocol/limits.ts";
import type { Database } from "../database.ts";
import { drawRows } from "./challenge.ts";
import type { CheckThread } from "./check/check-thread.ts";
import type { Conclude } from "./conclude.ts";
import { drawLanes } from "./memory-challenge.ts";
import type { RoundTrips } from "./round-trips.ts";
import {
  claimCheck,
  endSession,
  findSession,
  findSessions,
  releaseCheck,
  type Session,
  writeCommitment,
  writePushed,
} from "./session-store.ts";
import { findTrial } from "./trial-store.ts";

export interface AnswersParts {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  roundTrips: RoundTrips;
  checks: Pick<CheckThread, "check" | "checkMemory">;
  conclude: Conclude;
}

export interface Answers {
  /** The challenge of this session has left. */
  pushed(session: string): void;
  /**
   * @param arrivedAt when the body's last byte was read, monotonic ms
   * @throws TroopError `challenge_invalid`, `node_key_mismatch`
   */
  commit(node: string, request: CommitRequest, arrivedAt: number): Promise<CommitAnswer>;
  /** @throws TroopError `challenge_invalid`, `node_key_mismatch`, `rate_limit_exceeded` */
  verify(node: string, request: VerifyRequest): Promise<VerifyAnswer>;
}

const openMost = 10_000;
/** A prover may break once in a trial; who gives up again and again chooses the moment. */
const givingUpMost = 1;

export function createAnswers(parts: AnswersParts): Answers {
  const { database, clock, random, log, roundTrips, checks, conclude } = parts;
  /** When challenges left, monotonic ms, by session: those that this replica pushed. */
  const pushedAt = boundedMap<string, number>(openMost);

  /** @throws TroopError `challenge_invalid`, `node_key_mismatch` */
  async function sessionOf(node: string, id: string): Promise<Session> {
    const session = await findSession(database, id);
    if (!session) throw new TroopError("challenge_invalid");
    if (session.node !== node) throw new TroopError("node_key_mismatch");
    return session;
  }

  async function end(session: Session, kind: "failed" | "refuted", why: string): Promise<void> {
    const trial = await findTrial(database, session.trial);
    if (trial) await conclude(trial, { kind, why });
  }

  async function giveUp(session: Session, why: string): Promise<CommitAnswer> {
    const { id } = session;
    const isBroken = await endSession(database, id, ["issued", "walking"], "gave_up");
    if (!isBroken && !(await endSession(database, id, ["committed"], "gave_up")))
      throw new TroopError("challenge_invalid");
    // Who knows the rows and may begin anew would leave rows out, and begin anew whenever one of them is asked for.
    if (!isBroken) {
      await end(session, "failed", "it gave up when it was asked for rows");
      return { rows: [] };
    }
    // A dataset that it does not hold is what a node is asked for in the end.
    if (session.kind === "memory") return { rows: [] };
    const all = await findSessions(database, session.trial);
    const chains = all.filter(({ kind }) => kind === "chain");
    if (chains.filter(({ outcome }) => outcome === "gave_up").length > givingUpMost)
      await end(session, "failed", why);
    return { rows: [] };
  }

  function judge(session: Session, opening: VerifyRequest["opening"]) {
    const { id, node, root, seed } = session;
    const claim = { binding: { session: id, node }, commitment: fromBase64url(root!)! };
    if (session.kind === "chain")
      return checks.check({
        ...{ ...claim, opening: opening as Opening, asked: session.asked! },
        task: { seed: fromBase64url(seed)!, ...session.size },
      });
    const walkSeed = fromBase64url(session.walkSeed)!;
    return checks.checkMemory({
      ...{ ...claim, opening: opening as MemoryOpening, asked: session.asked! },
      task: { seed: fromBase64url(seed)!, walkSeed, ...session.size },
    });
  }

  return {
    pushed(session) {
      pushedAt.set(session, clock.monotonic());
      writePushed(database, session).catch((error: unknown) =>
        log.warn({ err: error }, "not noted when a challenge was pushed"),
      );
    },

    async commit(node, request, arrivedAt) {
      const session = await sessionOf(node, request.session);
      if ("gave_up" in request) return giveUp(session, request.gave_up);
      const sentAt = pushedAt.get(session.id);
      const spanMs =
        sentAt === undefined ? undefined : roundTrips.without(node, arrivedAt - sentAt);
      const isChain = session.kind === "chain";
      const asked = isChain ? drawRows(random, session.size) : drawLanes(random, session.size);
      const { root, device } = request;
      const taken = await writeCommitment(database, session, { root, asked, device, spanMs });
      if (taken === undefined) throw new TroopError("challenge_invalid");
      if (taken > limits.commitWaitMs) {
        await endSession(database, session.id, ["committed"], "late");
        if (isChain) await end(session, "failed", "its commitment came too late");
        throw new TroopError("challenge_invalid", "The commitment came too late.");
      }
      return isChain ? { rows: asked as RowPlace[] } : { lanes: asked as number[] };
    },

    async verify(node, { session: id, opening }) {
      const { kind } = await sessionOf(node, id);
      if ((kind === "memory") !== "groups" in opening) throw new TroopError("challenge_invalid");
      const since = clock.now() - limits.proofSlotMs;
      const session = await claimCheck(database, { id, node }, since);
      if (!session) throw new TroopError("challenge_invalid");
      const verdict = await judge(session, opening).catch(async (error: unknown) => {
        await releaseCheck(database, id);
        throw error;
      });
      const outcome = verdict.kind === "right" ? "passed" : "wrong";
      if (!(await endSession(database, id, ["checking"], outcome)))
        throw new TroopError("challenge_invalid");
      if (outcome === "wrong") await end(session, "refuted", verdict.kind);
      return { outcome, span_ms: session.spanMs! };
    },
  };
}
