/** Everything about responses that outlives a request: what is kept, and what runs on in the background. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import type { Log } from "../../host/log.ts";
import type { ResponseResource } from "../dialects/responses/items.ts";
import type { Generate } from "../generate.ts";
import type { ReadRequest } from "../read-request.ts";
import { type Background, createBackground } from "./background.ts";
import { createPreparing, type Preparing } from "./prepare.ts";
import { createResponseStore, type ResponseStore } from "./response-store.ts";

/** Apart from the other records: these are somebody's words, and may be cleared as a whole. */
export const responsesFile = "responses.sqlite";

export interface ResponsesOptions {
  /** Undefined where nothing is to be kept. */
  folder: string | undefined;
  generate: Generate;
  readRequest: ReadRequest;
  clock: Clock;
  random: Random;
  log: Log;
  /** Aborts when the sidecar stops. */
  stop: AbortSignal;
}

export interface Responses extends AsyncDisposable, Preparing {
  background: Background;
  store: ResponseStore | undefined;
  /** Ids of those that are answered now and end with their request. */
  foreground: Set<string>;
}

/** @throws TroopError `data_folder_invalid` */
export function createResponses({ folder, ...parts }: ResponsesOptions): Responses {
  const database = folder === undefined ? undefined : openLocalDatabase(folder, responsesFile);
  const store = database && createResponseStore(database);
  store?.endRunning(interrupted);
  const background = createBackground(parts);
  return {
    ...createPreparing({ ...parts, store }),
    background,
    store,
    foreground: new Set(),
    async [Symbol.asyncDispose]() {
      await background.settled();
      database?.[Symbol.dispose]();
    },
  };
}

/** As one that a killed process left behind is retrieved. */
const interrupted = (resource: ResponseResource): ResponseResource => ({
  ...resource,
  status: "failed",
  error: { code: "server_error", message: "The sidecar ended before the answer did." },
});
