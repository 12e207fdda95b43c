/** What several checks look at, asked for once. */
import { createCoordinatorClient } from "../../../host/coordinator-client.ts";
import { createRunProgram, type RunProgram } from "../../../host/run-program.ts";
import { healthAnswer } from "../../../protocol/endpoints.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { type Detected, detectEngines } from "../../../worker/engines/detect.ts";
import { readEngineSettings } from "../../../worker/engines/config.ts";
import { type CommandContext, coordinatorUrl } from "../../context.ts";

export type CoordinatorFacts =
  | { kind: "unnamed"; reason: string }
  | { kind: "away"; url: string; reason: string }
  /** `aheadMs`: how far this clock is ahead of the coordinator's, negative where it is behind. */
  | { kind: "answers"; url: string; version: string; isStopping: boolean; aheadMs: number };

export interface Desk {
  context: CommandContext;
  run: RunProgram;
  coordinator: CoordinatorFacts;
  engines: Detected;
}

export async function openDesk(context: CommandContext): Promise<Desk> {
  const { environment, clock, shutdown: signal } = context;
  const { addresses } = readEngineSettings(environment);
  const [coordinator, engines] = await Promise.all([
    askCoordinator(context),
    detectEngines({ addresses, clock, signal }),
  ]);
  return { context, run: createRunProgram(environment, clock), coordinator, engines };
}

async function askCoordinator(context: CommandContext): Promise<CoordinatorFacts> {
  const { clock, random, shutdown: signal } = context;
  let url: string;
  try {
    url = coordinatorUrl(context);
  } catch (error) {
    return { kind: "unnamed", reason: (error as Error).message };
  }
  await using client = createCoordinatorClient({ url, clock, random });
  try {
    const { version, status } = await client.call({
      ...{ method: "GET", path: "/health", answer: healthAnswer, signal },
    });
    const aheadMs = Math.round(clock.now() - client.time.now());
    return { kind: "answers", url, version, isStopping: status === "stopping", aheadMs };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TroopError)) throw error;
    const beneath = error.cause instanceof Error ? error.cause.message.split("\n")[0] : undefined;
    return { kind: "away", url, reason: beneath || error.message };
  }
}
