/** What an application asks for, checked and completed: whatever a node cannot get at is fetched here. */
import {
  type InferencePath,
  type InferenceRequest,
  readInferenceRequest,
} from "../protocol/chat.ts";
import type { FetchImage } from "./images/fetch-image.ts";
import { withImages } from "./images/inline-images.ts";
import { noPreferences, type Preferences } from "./routing/preferences.ts";

/** A request that is ready to be sent. */
export interface Wanted extends InferenceRequest {
  preferences: Preferences;
}

/** @throws TroopError for what `protocol/chat.ts` refuses, or an image that cannot be had; `signal`'s reason */
export type ReadRequest = (
  path: InferencePath,
  body: unknown,
  signal: AbortSignal,
) => Promise<Wanted>;

export function createReadRequest({ fetchImage }: { fetchImage: FetchImage }): ReadRequest {
  return async (path, body, signal) => {
    signal.throwIfAborted();
    const check = (candidate: unknown) => ({
      ...readInferenceRequest(path, candidate),
      preferences: noPreferences,
    });
    return path === "/v1/chat/completions"
      ? withImages(fetchImage, body, check, signal)
      : check(body);
  };
}
