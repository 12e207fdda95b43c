/** Waits until the demo's node has shown what its hardware can do, or could not, and is listed. */
import { sleep } from "../../base/clock.ts";
import { createCoordinatorClient } from "../../host/coordinator-client.ts";
import { modelsAnswer } from "../../protocol/offers.ts";
import type { Worker } from "../../worker/worker.ts";
import type { CommandContext } from "../context.ts";

const pollMs = 50;
/** A machine that needs longer lends unproven meanwhile. */
const waitMs = 30_000;

export async function waitUntilProven(
  { clock, random, shutdown }: CommandContext,
  url: string,
  worker: Pick<Worker, "status">,
): Promise<void> {
  await using coordinator = createCoordinatorClient({ url, clock, random });
  const call = {
    method: "GET",
    path: "/v1/models",
    answer: modelsAnswer,
    signal: shutdown,
  } as const;
  const until = clock.monotonic() + waitMs;
  const isSettled = () => {
    const { provenance, failure } = worker.status().proof;
    return provenance === "proven" || failure !== null;
  };
  while (clock.monotonic() < until) {
    shutdown.throwIfAborted();
    // While it proves it takes no requests, and is not listed.
    if (isSettled() && (await coordinator.call(call)).data.length > 0) return;
    await sleep(clock, pollMs, shutdown);
  }
}
