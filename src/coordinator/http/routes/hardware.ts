/**
 * `POST /hardware/challenge`, `/next`, `/commit` and `/verify`: a node proves what it is made of. The challenge itself
 * comes with a heartbeat's answer, and those of further GPUs with the answer to `/next`.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { formatMultiplier } from "../../../protocol/credits.ts";
import {
  askProofAnswer,
  askProofRequest,
  type Challenge,
  commitAnswer,
  commitRequest,
  nextTaskAnswer,
  nextTaskRequest,
  verifyAnswer,
  verifyRequest,
} from "../../../protocol/hardware-proof/wire.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Node } from "../../accounts/node-store.ts";
import type { Verification } from "../../verification/verification.ts";
import type { App, Services } from "../services.ts";

export function hardwareRoute(app: App, { callers, clock, nodes, verification }: Services): void {
  const prover = async (request: FastifyRequest): Promise<Node> =>
    nodes.live((await callers.provenKey(request)).id);
  const schema = (summary: string) => ({ summary, tags: ["hardware"] });

  app.post(
    "/hardware/challenge",
    {
      schema: {
        ...schema("Ask to be tried"),
        ...{ body: askProofRequest, response: { 200: askProofAnswer } },
      },
    },
    async (request) => {
      const node = await verification.ask(await prover(request));
      const { provenance = "unproven", dueAt = null } = node.hardware ?? {};
      return {
        ...{ multiplier: formatMultiplier(node.multiplier), provenance },
        // When one that was proven is tried again is nobody's to know.
        due_at: provenance === "proven" ? null : dueAt,
      };
    },
  );
  app.post(
    "/hardware/next",
    {
      schema: {
        ...schema("Ask what a further GPU is to do next"),
        ...{ body: nextTaskRequest, response: { 200: nextTaskAnswer } },
      },
    },
    async (request, reply) => {
      const { id } = await prover(request);
      const challenge = await verification.onNext(id, request.body);
      if (!challenge) return {};
      onSent(reply, () => tellPushed(verification, challenge));
      return { challenge };
    },
  );
  app.post(
    "/hardware/commit",
    {
      schema: {
        ...schema("Commit to what was computed"),
        ...{ body: commitRequest, response: { 200: commitAnswer } },
      },
    },
    async (request) => {
      const { arrivedAt } = request;
      const { id } = await prover(request);
      return verification.commit(id, request.body, arrivedAt);
    },
  );
  app.post(
    "/hardware/verify",
    {
      bodyLimit: limits.openingBytes,
      schema: {
        ...schema("Show the rows that were asked for"),
        ...{ body: verifyRequest, response: { 200: verifyAnswer } },
      },
    },
    async (request, reply) => {
      const { id } = await prover(request);
      const answer = await verification.verify(id, request.body);
      onSent(reply, () => verification.roundTrips.sent(id, clock.monotonic()));
      return answer;
    },
  );
}

/** What is timed is timed from here. */
export function tellPushed(verification: Pick<Verification, "pushed">, challenge: Challenge): void {
  if (challenge.kind === "chain" || challenge.kind === "walk")
    verification.pushed(challenge.session);
}

/** The answer's last byte has been handed to the system. */
export const onSent = (reply: FastifyReply, then: () => void): void =>
  void reply.raw.once("finish", then);
