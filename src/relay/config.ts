/** The relay's settings: read here from the environment, for one that runs alone and for a coordinator's own. */
import { z } from "zod";
import { trustedProxies } from "../host/client-address.ts";
import { readCoordinatorUrl } from "../host/coordinator-url.ts";
import { type Environment, readSettings } from "../host/env.ts";
import { type ListenAddress, readListenAddress } from "../host/listen.ts";
import { readRelayUrl } from "../host/relay-url.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { QuotaLimits } from "./quotas.ts";

export interface RelayLimits extends QuotaLimits {
  /** Workers that may be connected at once. */
  nodes: number;
}

export interface RelayConfig {
  listen: ListenAddress;
  /** As workers and clients reach it; undefined: the address it listens on. */
  publicUrl: string | undefined;
  /** Whose tickets it takes. */
  coordinatorUrl: string;
  limits: RelayLimits;
  /** Networks of proxies before it. */
  trustedProxies: string[];
}

export type RelayOverrides = { [Name in keyof RelayConfig]?: RelayConfig[Name] | undefined };

const gibibyte = 1_024 ** 3;
const count = z.coerce.number().int().min(1).max(1_000_000);
const limitSettings = z.object({
  RELAY_NODES: count.default(4_096),
  RELAY_STREAMS: count.default(2_000),
  RELAY_DAILY_GIB: count.default(16),
});
const settings = z.object({
  RELAY_LISTEN: z.string().default("127.0.0.1:8090"),
  RELAY_PUBLIC_URL: z.string().optional(),
  COORDINATOR_URL: z.string().optional(),
  TRUSTED_PROXIES: trustedProxies,
});

/** @throws TroopError `configuration_invalid` */
export function readRelayLimits(environment: Environment): RelayLimits {
  const read = readSettings(environment, limitSettings);
  return {
    nodes: read.RELAY_NODES,
    streams: read.RELAY_STREAMS,
    prefixBytes: read.RELAY_DAILY_GIB * gibibyte,
  };
}

/** @throws TroopError `configuration_invalid` */
export function readRelayConfig(
  environment: Environment,
  overrides: RelayOverrides = {},
): RelayConfig {
  const read = readSettings(environment, settings);
  const listen = overrides.listen ?? readListenAddress(read.RELAY_LISTEN);
  if (!listen) throw invalid("RELAY_LISTEN", "must look like 127.0.0.1:8090.");
  const coordinatorUrl = overrides.coordinatorUrl ?? read.COORDINATOR_URL;
  if (!coordinatorUrl) throw invalid("COORDINATOR_URL", "is not set.");
  const publicUrl = overrides.publicUrl ?? read.RELAY_PUBLIC_URL;
  return {
    listen,
    publicUrl: publicUrl && readRelayUrl("RELAY_PUBLIC_URL", publicUrl),
    coordinatorUrl: readCoordinatorUrl(coordinatorUrl),
    limits: overrides.limits ?? readRelayLimits(environment),
    trustedProxies: overrides.trustedProxies ?? read.TRUSTED_PROXIES,
  };
}

const invalid = (name: string, reason: string) =>
  new TroopError("configuration_invalid", `${name} ${reason}`, { param: name });
