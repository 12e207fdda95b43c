/** Waits until both sides' accounts of a request have reached the books. */
import { sleep } from "../../base/clock.ts";
import type { HistoryEntry } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CommandContext } from "../context.ts";
import type { Books } from "./books.ts";
import type { DemoNetwork } from "./network.ts";

const pollMs = 50;
const waitMs = 30_000;

/** @throws TroopError `timeout` */
export async function waitUntilSettled(
  { clock, shutdown }: CommandContext,
  { worker, sidecar, requester }: DemoNetwork,
  books: Books,
  known: ReadonlySet<string>,
): Promise<HistoryEntry> {
  const until = clock.monotonic() + waitMs;
  while (clock.monotonic() < until) {
    shutdown.throwIfAborted();
    worker.flush();
    sidecar.flush();
    if (worker.pending() === 0 && sidecar.pending() === 0) {
      const entry = (await books.history(requester)).find(
        ({ id, kind }) => kind === "request" && !known.has(id),
      );
      if (entry?.metadata.state === "settled") return entry;
    }
    await sleep(clock, pollMs, shutdown);
  }
  throw new TroopError("timeout", "The receipt did not reach the books in time.");
}
