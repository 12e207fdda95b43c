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
  /** Name of the key that it came with, if it has one. */
  application: string | undefined;
}

/** @throws TroopError for what `protocol/chat.ts` refuses, or an image that cannot be had; `signal`'s reason */
export type ReadRequest = (
  path: InferencePath,
  body: unknown,
  signal: AbortSignal,
  application: string | undefined,
) => Promise<Wanted>;

export function createReadRequest({ fetchImage }: { fetchImage: FetchImage }): ReadRequest {
  return async (path, body, signal, application) => {
    signal.throwIfAborted();
    const check = (candidate: unknown) => ({
      ...readInferenceRequest(path, candidate),
      preferences: noPreferences,
      application,
    });
    return path === "/v1/chat/completions"
      ? withImages(fetchImage, body, check, signal)
      : check(body);
  };
}
