/** What a driver's file offers beside the driver: how its engine is known among other servers. */
import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { Engine } from "./engine.ts";

/** Where an engine is looked for. */
export interface EngineAddress {
  /** For example `http://127.0.0.1:8000`. */
  origin: string;
  /** What stands before `/v1` in the paths of a server that is not alone at its origin, for example `/openai`. */
  basePath?: string | undefined;
  /** For servers that were started with one. */
  apiKey?: string | undefined;
  /** The variable that the key is read from, to be named where one is missing. */
  keyVariable?: string | undefined;
  /** The owner named this address: any server that speaks OpenAI's API will do there. */
  isNamed?: boolean | undefined;
}

/** Two servers may share an origin, each below a path of its own. */
export const placeOf = ({ origin, basePath = "" }: Pick<EngineAddress, "origin" | "basePath">) =>
  origin + basePath;

export interface EngineOptions extends EngineAddress {
  clock: Clock;
  /** Requests at once; by default what the server says, else what its kind usually bears. */
  slots?: number | undefined;
  dispatcher?: Dispatcher | undefined;
}

/** The body of a good answer to `GET path`, or undefined. Each path is asked once, whoever wants to know. */
export type Probe = (path: string) => Promise<unknown>;

export interface EngineKind {
  /** The driver's name as it appears in heartbeats and in `ENGINE_ORDER`. */
  readonly type: string;
  /** What the server writes into `owned_by` in its list of models, where that is its own name. */
  readonly owner?: string;
  /** By its own API, for a server whose list of models is empty or says nothing. */
  recognise(probe: Probe): Promise<boolean>;
  create(options: EngineOptions): Engine;
}
