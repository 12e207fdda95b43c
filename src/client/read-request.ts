/** What an application asks for, checked and completed: whatever a node cannot get at is fetched here. */
import {
  type InferencePath,
  type InferenceRequest,
  readInferenceRequest,
} from "../protocol/chat.ts";

/** @throws TroopError for what `protocol/chat.ts` refuses; `signal`'s reason */
export type ReadRequest = (
  path: InferencePath,
  body: unknown,
  signal: AbortSignal,
) => Promise<InferenceRequest>;

export function createReadRequest(): ReadRequest {
  return async (path, body, signal) => {
    signal.throwIfAborted();
    return readInferenceRequest(path, body);
  };
}
