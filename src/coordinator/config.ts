/** The coordinator's settings: read here from the environment, and nowhere else. */
import { z } from "zod";
import { addressKind, type AddressKind } from "../host/address-kind.ts";
import { readSecret, readSettings, type Environment } from "../host/env.ts";
import { dataFolder } from "../host/folders.ts";
import { readListenAddress, type ListenAddress } from "../host/listen.ts";
import { logLevels, type LogLevel } from "../host/log.ts";
import { readCredits, type Micro } from "../protocol/credits.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { addressPolicies, policyOf, type AddressPolicy } from "./registry/addresses.ts";

/** Who may join. `work` and `invite` are names that the design keeps; they are refused until they are built. */
export type JoinPolicy = "open";
const joinPolicies = ["open", "work", "invite"] as const;

export interface CoordinatorConfig {
  listen: ListenAddress;
  /** How clients and workers reach it; undefined: the address it listens on. */
  publicUrl: string | undefined;
  dataFolder: string;
  /** Undefined: PGlite in the data folder. */
  databaseUrl: string | undefined;
  databasePool: number;
  /** Undefined: in memory. */
  redisUrl: string | undefined;
  joinPolicy: JoinPolicy;
  starterCredits: Micro;
  faucetDaily: Micro;
  addressPolicy: AddressPolicy;
  migrate: "auto" | "manual";
  /** How often workers are told to beat; the protocol's ten seconds where undefined. */
  heartbeatMs?: number | undefined;
  logLevel: LogLevel;
}

const invalid = (name: string, reason: string): TroopError =>
  new TroopError("configuration_invalid", `${name} ${reason}`, { param: name });

const listenText = z.string().transform((text, context) => {
  const address = readListenAddress(text);
  if (!address) context.addIssue("expected an address such as 127.0.0.1:8000");
  return address ?? z.NEVER;
});
const creditsSetting = z.string().transform((text, context) => {
  const credits = readCredits(text);
  if (credits === undefined) context.addIssue("expected credits such as 1000.0");
  return credits ?? z.NEVER;
});

const settings = z.object({
  LISTEN: listenText.default({ host: "127.0.0.1", port: 8_000 }),
  PUBLIC_URL: z.string().optional(),
  DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(10),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  JOIN_POLICY: z.enum(joinPolicies).optional(),
  STARTER_CREDITS: creditsSetting.default(1_000_000_000n),
  FAUCET_DAILY: creditsSetting.default(100_000_000_000n),
  ADDRESS_POLICY: z.enum(addressPolicies).optional(),
  MIGRATE: z.enum(["auto", "manual"]).default("auto"),
  LOG_LEVEL: z.enum(logLevels).default("info"),
});

/** A setting left undefined is as good as not given. */
type Overrides = { [Name in keyof CoordinatorConfig]?: CoordinatorConfig[Name] | undefined };

/**
 * @param overrides what the command line says; it wins over the environment
 * @throws TroopError `configuration_invalid`
 */
export function readCoordinatorConfig(
  environment: Environment,
  overrides: Overrides = {},
): CoordinatorConfig {
  const read = readSettings(environment, settings);
  const listen = overrides.listen ?? read.LISTEN;
  const reached = kindOf(listen.host);
  const config: CoordinatorConfig = {
    listen,
    publicUrl: read.PUBLIC_URL,
    dataFolder: dataFolder(environment),
    databaseUrl: readSecret(environment, "DATABASE_URL"),
    databasePool: read.DATABASE_POOL,
    redisUrl: read.REDIS_URL,
    joinPolicy: joinPolicyOf(overrides.joinPolicy ?? read.JOIN_POLICY, reached),
    starterCredits: read.STARTER_CREDITS,
    faucetDaily: read.FAUCET_DAILY,
    addressPolicy: read.ADDRESS_POLICY ?? policyOf(reached),
    migrate: read.MIGRATE,
    logLevel: read.LOG_LEVEL,
    ...given(overrides),
  };
  if (config.databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(config.databaseUrl))
    throw invalid("DATABASE_URL", "must begin with postgres://");
  if (config.publicUrl === undefined) return config;
  return { ...config, publicUrl: checkPublicUrl(config.publicUrl) };
}

const given = (overrides: Overrides): Partial<CoordinatorConfig> =>
  Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));

/** Addresses that stand for every interface count as public: the world may come in. */
const kindOf = (host: string): AddressKind =>
  host === "localhost" ? "loopback" : (addressKind(host) ?? "public");

function joinPolicyOf(
  wanted: (typeof joinPolicies)[number] | undefined,
  reached: AddressKind,
): JoinPolicy {
  if (wanted === "open") return "open";
  if (wanted === undefined) {
    if (reached !== "public") return "open";
    throw invalid(
      "JOIN_POLICY",
      "must be set where the coordinator listens to the world. Only `open` is built yet: everybody gets starter credits.",
    );
  }
  throw invalid("JOIN_POLICY", `\`${wanted}\` is not built yet; only \`open\` is.`);
}

/**
 * The base of every URL that is signed: an origin, https unless it stays on this machine, the mesh or a private network.
 * @throws TroopError `configuration_invalid`
 */
export function checkPublicUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash)
    throw invalid("PUBLIC_URL", "must be a URL such as https://troop.example.org");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "http:" && kindOf(host) === "public")
    throw invalid(
      "PUBLIC_URL",
      "must begin with https:// unless its host is a loopback, private or mesh address.",
    );
  return (url.origin + url.pathname).replace(/\/+$/, "");
}
