/** The worker's settings: read from the environment and flags, decided here, and nowhere else. */
import { z } from "zod";
import { coordinatorKind, readCoordinatorUrl } from "../host/coordinator-url.ts";
import { type Environment, readSettings } from "../host/env.ts";
import { dataFolder } from "../host/folders.ts";
import { type ListenAddress, readListenAddress } from "../host/listen.ts";
import { ownAddresses } from "../host/mesh/mesh.ts";
import { readRelayUrls } from "../host/relay-url.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { type EngineSettings, readEngineSettings } from "./engines/config.ts";
import { readGuestSettings } from "./guests/config.ts";
import type { GuestSettings } from "./guests/settings.ts";
import { readOwnerSettings } from "./idle/config.ts";
import type { OwnerSettings } from "./idle/settings.ts";
import { announcedHost } from "./listen-address.ts";
import type { ProverKind } from "./proof/messages.ts";
import { usualProvers } from "./proof/provers.ts";

export interface WorkerConfig {
  coordinatorUrl: string;
  /** Holds the worker's database; one process at a time. */
  dataFolder: string;
  /** Undefined: port 8080, or the next free one, where peers can reach it. */
  listen: ListenAddress | undefined;
  /** Relays to dial out to. */
  relays: string[];
  /** Requests at once; undefined: as many as the engines say. */
  slots: number | undefined;
  /** Until the coordinator asks for another. */
  heartbeatMs: number;
  modelRefreshMs: number;
  engines: EngineSettings;
  /** What proves the hardware, the best first; none: the worker proves nothing. */
  provers: readonly ProverKind[];
  /** When the machine is its owner's. */
  idle: OwnerSettings;
  /** Whom it is lent to. */
  guests: GuestSettings;
}

export type WorkerOverrides = {
  [Name in keyof WorkerConfig]?: WorkerConfig[Name] | undefined;
};

const seconds = z.coerce.number().int().min(1).max(86_400);
const settings = z.object({
  COORDINATOR_URL: z.string().optional(),
  WORKER_LISTEN: z.string().optional(),
  RELAYS: z.string().default("auto"),
  HEARTBEAT_INTERVAL: seconds.default(10),
  MODEL_REFRESH_INTERVAL: seconds.default(180),
  PROVE_HARDWARE: z.enum(["on", "off"]).default("on"),
});

/** @throws TroopError `configuration_invalid` */
export function readWorkerConfig(
  environment: Environment,
  overrides: WorkerOverrides = {},
): WorkerConfig {
  const read = readSettings(environment, settings);
  const urlText = overrides.coordinatorUrl ?? read.COORDINATOR_URL;
  if (!urlText)
    throw new TroopError("configuration_invalid", "COORDINATOR_URL is not set.", {
      param: "COORDINATOR_URL",
    });
  const coordinatorUrl = readCoordinatorUrl(urlText);
  return {
    coordinatorUrl,
    dataFolder: overrides.dataFolder ?? dataFolder(environment),
    listen: overrides.listen ?? readListen(read.WORKER_LISTEN, coordinatorUrl),
    relays: overrides.relays ?? readRelays(read.RELAYS, coordinatorUrl),
    slots: overrides.slots,
    heartbeatMs: overrides.heartbeatMs ?? read.HEARTBEAT_INTERVAL * 1_000,
    modelRefreshMs: overrides.modelRefreshMs ?? read.MODEL_REFRESH_INTERVAL * 1_000,
    engines: overrides.engines ?? readEngineSettings(environment),
    provers: overrides.provers ?? (read.PROVE_HARDWARE === "on" ? usualProvers : []),
    idle: overrides.idle ?? readOwnerSettings(environment),
    guests: overrides.guests ?? readGuestSettings(environment),
  };
}

/**
 * `auto` is the coordinator itself, unless it is on this machine, where everybody reaches the worker; `off` is none;
 * anything else is a list of URLs.
 * @throws TroopError `configuration_invalid`
 */
export function readRelays(text: string, coordinatorUrl: string): string[] {
  if (text === "off") return [];
  if (text !== "auto") return readRelayUrls("RELAYS", text);
  return coordinatorKind(coordinatorUrl) === "loopback" ? [] : [coordinatorUrl];
}

function readListen(text: string | undefined, coordinatorUrl: string): ListenAddress | undefined {
  if (text === undefined) return undefined;
  const isPortOnly = /^\d+$/.test(text);
  const address = readListenAddress(
    text,
    isPortOnly ? announcedHost(coordinatorUrl, ownAddresses()) : undefined,
  );
  if (address) return address;
  throw new TroopError("configuration_invalid", "WORKER_LISTEN must look like 127.0.0.1:8080.", {
    param: "WORKER_LISTEN",
  });
}
