/** What the sidecar is told: by flags first, then by the environment. */
import { z } from "zod";
import { keyOf } from "../host/api-key.ts";
import { readCoordinatorUrl } from "../host/coordinator-url.ts";
import { type Environment, readSecret, readSettings } from "../host/env.ts";
import { dataFolder } from "../host/folders.ts";
import type { ListenAddress } from "../host/listen.ts";
import type { Micro } from "../protocol/credits.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { listOf, thumbprints } from "./list-setting.ts";
import { readRoutingSettings, type RoutingSettings } from "./routing/config.ts";
import type { NodePolicy } from "./sealing/node-policy.ts";
import type { Caps } from "./spending/caps.ts";
import { readCaps } from "./spending/config.ts";

export interface SidecarConfig {
  coordinatorUrl: string;
  /** For this role's own files; made if missing. */
  dataFolder: string;
  listen: ListenAddress;
  /** A Unix socket beside the port, for this user alone. */
  socket: string | undefined;
  /** Without one any key is accepted. */
  apiKey: string | undefined;
  /** Origins of web pages that may use the API. */
  allowedOrigins: string[];
  /** Whether responses are kept, for `previous_response_id` and to be retrieved. */
  keepsResponses: boolean;
  /** How long a request waits while every node is busy. */
  queueWaitMs: number;
  /** The most that one ticket reserves; the coordinator's rule where undefined. */
  maxBudget: Micro | undefined;
  /** What all applications together may spend. */
  caps: Caps;
  policy: NodePolicy;
  routing: RoutingSettings;
}

const queueWaitMs = 30_000;

const origins = listOf(
  (part) => URL.parse(part)?.origin === part,
  "origin such as http://localhost:3000",
);
/** Ids as `--only-nodes` takes them. @throws TroopError `usage` */
export function readIds(text: string, flag: string): string[] {
  const read = thumbprints.safeParse(text);
  if (read.success) return read.data;
  throw new TroopError("usage", `${flag}: ${read.error.issues[0]?.message}.`);
}

const settings = z.object({
  COORDINATOR_URL: z.string().optional(),
  PROXY_SOCKET: z.string().optional(),
  PROXY_PORT: z.coerce.number().int().min(0).max(65_535).default(9_000),
  ALLOWED_ORIGINS: origins.default([]),
  RESPONSES_STORE: z.enum(["on", "off"]).default("on"),
  ONLY_NODES: thumbprints.default([]),
  ONLY_OWNERS: thumbprints.default([]),
});

type Overrides = {
  [Name in Exclude<keyof (SidecarConfig & NodePolicy), "caps">]?:
    (SidecarConfig & NodePolicy)[Name] | undefined;
} & { caps?: Partial<Caps> };

/** @throws TroopError `configuration_invalid` naming the setting */
export function readSidecarConfig(
  environment: Environment,
  overrides: Overrides = {},
): SidecarConfig {
  const read = readSettings(environment, settings);
  const url = overrides.coordinatorUrl ?? read.COORDINATOR_URL;
  if (!url) {
    throw new TroopError(
      "configuration_invalid",
      "COORDINATOR_URL says which network to use; it is not set.",
      {
        param: "COORDINATOR_URL",
      },
    );
  }
  return {
    coordinatorUrl: readCoordinatorUrl(url),
    dataFolder: overrides.dataFolder ?? dataFolder(environment),
    listen: overrides.listen ?? { host: "127.0.0.1", port: read.PROXY_PORT },
    socket: overrides.socket ?? read.PROXY_SOCKET,
    apiKey: overrides.apiKey ?? keyOf(readSecret(environment, "TROOP_API_KEY")),
    allowedOrigins: overrides.allowedOrigins ?? read.ALLOWED_ORIGINS,
    keepsResponses: overrides.keepsResponses ?? read.RESPONSES_STORE === "on",
    queueWaitMs: overrides.queueWaitMs ?? queueWaitMs,
    maxBudget: overrides.maxBudget,
    caps: readCaps(environment, overrides.caps),
    routing: overrides.routing ?? readRoutingSettings(environment),
    policy: overrides.policy ?? {
      onlyNodes: overrides.onlyNodes ?? read.ONLY_NODES,
      onlyOwners: overrides.onlyOwners ?? read.ONLY_OWNERS,
    },
  };
}
