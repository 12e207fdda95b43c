/** The thread that checks openings: one message in, one verdict out. */
import { parentPort } from "node:worker_threads";
import { checkMemory } from "./check-memory.ts";
import { checkOpening } from "./check-opening.ts";
import type { CheckRequest } from "./check-thread.ts";

parentPort!.on("message", (request: CheckRequest) => {
  parentPort!.postMessage(
    request.kind === "chain"
      ? checkOpening(request.claim, request.vectorBytes)
      : checkMemory(request.claim),
  );
});
