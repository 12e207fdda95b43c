/** The coordinator's settings: read here from the environment, and nowhere else. */
import { z } from "zod";
import { addressKind, type AddressKind } from "../host/address-kind.ts";
import { trustedProxies } from "../host/client-address.ts";
import { readSecret, readSettings, type Environment } from "../host/env.ts";
import { dataFolder } from "../host/folders.ts";
import type { CertificateFiles } from "../host/certificate.ts";
import {
  isSocket,
  type ListenAddress,
  type ListenSocket,
  readListenPlace,
} from "../host/listen.ts";
import { readRelayUrls } from "../host/relay-url.ts";
import { readCredits, type Micro } from "../protocol/credits.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { readRelayLimits, type RelayLimits } from "../relay/config.ts";
import { joinPolicies, type JoinPolicy } from "./accounts/joining.ts";
import { addressPolicies, policyOf, type AddressPolicy } from "./registry/addresses.ts";
import { readOperatorConfig } from "./operator/config.ts";
import type { OperatorConfig } from "./operator/operator-listener.ts";
import { postgresWay, redisWay } from "./verified-tls.ts";
import type { RampSettings } from "./verification/ramp.ts";

export interface CoordinatorConfig {
  listen: ListenAddress | ListenSocket;
  /** Undefined: without TLS, which a proxy before it may speak. */
  tls?: CertificateFiles | undefined;
  /** How clients and workers reach it; undefined: the address it listens on. */
  publicUrl: string | undefined;
  dataFolder: string;
  /** Undefined: PGlite in the data folder. */
  databaseUrl: string | undefined;
  databasePool: number;
  /** Undefined: in memory. */
  redisUrl: string | undefined;
  /** What the keys that coordinators share are sealed with; undefined: a secret that this one makes for itself. */
  keyRingSecret?: string | undefined;
  joinPolicy: JoinPolicy;
  /** Hashes that joining costs while the faucet is full; the usual number where undefined. */
  joinWork?: number | undefined;
  starterCredits: Micro;
  faucetDaily: Micro;
  addressPolicy: AddressPolicy;
  /** Networks of proxies before it, whose word on where a call comes from is taken. */
  trustedProxies: string[];
  /** Calls of those without a known key: of an address within an hour, and of a network within a minute. */
  rateLimits: { defaultPerHour: number; strictPerHour: number; networkPerMinute: number };
  migrate: "auto" | "manual";
  /** What nodes' keys for receipts without a signature are made from; undefined: there are none. */
  hmacSecret: string | undefined;
  /** What passes through the relay inside; undefined: there is none. */
  relay: RelayLimits | undefined;
  /** Relays of others that nodes may name, and clients are sent to. */
  relaysAllowed: string[];
  /** Where operators are listened to, and who they are; undefined: nowhere. */
  operator: OperatorConfig | undefined;
  /** How long the audit log's table keeps a row. */
  auditKeepMs: number;
  /** How large the tasks are by which nodes prove their hardware; the usual ones where undefined. */
  proofs?: RampSettings | undefined;
  /** How often workers are told to beat; the protocol's ten seconds where undefined. */
  heartbeatMs?: number | undefined;
}

const invalid = (name: string, reason: string): TroopError =>
  new TroopError("configuration_invalid", `${name} ${reason}`, { param: name });

const dayMs = 24 * 60 * 60_000;
const placeText = z.string().transform((text, context) => {
  const place = readListenPlace(text);
  if (!place) context.addIssue("expected an address such as 127.0.0.1:8000, or unix:/a/path");
  return place ?? z.NEVER;
});
const creditsSetting = z.string().transform((text, context) => {
  const credits = readCredits(text);
  if (credits === undefined) context.addIssue("expected credits such as 1000.0");
  return credits ?? z.NEVER;
});

const callCount = z.coerce.number().int().min(1).max(1_000_000);

const settings = z.object({
  LISTEN: placeText.default({ host: "127.0.0.1", port: 8_000 }),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  PUBLIC_URL: z.string().optional(),
  DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(10),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  JOIN_POLICY: z.enum(joinPolicies).optional(),
  STARTER_CREDITS: creditsSetting.default(1_000_000_000n),
  FAUCET_DAILY: creditsSetting.default(100_000_000_000n),
  ADDRESS_POLICY: z.enum(addressPolicies).optional(),
  TRUSTED_PROXIES: trustedProxies,
  RATE_LIMIT_DEFAULT: callCount.default(limits.defaultCallsPerHour),
  RATE_LIMIT_STRICT: callCount.default(limits.strictCallsPerHour),
  RATE_LIMIT_PREFIX: callCount.default(limits.prefixCallsPerMinute),
  MIGRATE: z.enum(["auto", "manual"]).default("auto"),
  HMAC_RECEIPTS: z.enum(["on", "off"]).default("off"),
  RELAY: z.enum(["on", "off"]).default("on"),
  RELAYS_ALLOWED: z.string().default(""),
  // The table itself refuses to forget what is younger than a week.
  AUDIT_DAYS: z.coerce.number().int().min(7).max(3_650).default(30),
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
  const host = isSocket(listen) ? "127.0.0.1" : listen.host;
  const config: CoordinatorConfig = {
    listen,
    tls: tlsOf(read),
    publicUrl: read.PUBLIC_URL,
    dataFolder: dataFolder(environment),
    databaseUrl: readSecret(environment, "DATABASE_URL"),
    databasePool: read.DATABASE_POOL,
    redisUrl: read.REDIS_URL,
    // Decided below, where it is known how the world comes in.
    joinPolicy: read.JOIN_POLICY ?? "open",
    starterCredits: read.STARTER_CREDITS,
    faucetDaily: read.FAUCET_DAILY,
    addressPolicy: read.ADDRESS_POLICY ?? policyOf(kindOf(host)),
    trustedProxies: read.TRUSTED_PROXIES,
    rateLimits: {
      defaultPerHour: read.RATE_LIMIT_DEFAULT,
      strictPerHour: read.RATE_LIMIT_STRICT,
      networkPerMinute: read.RATE_LIMIT_PREFIX,
    },
    migrate: read.MIGRATE,
    keyRingSecret: longSecret(environment, "KEY_RING_SECRET"),
    hmacSecret: read.HMAC_RECEIPTS === "on" ? readReceiptSecret(environment) : undefined,
    relay: read.RELAY === "on" ? readRelayLimits(environment) : undefined,
    relaysAllowed: readRelayUrls("RELAYS_ALLOWED", read.RELAYS_ALLOWED),
    operator: readOperatorConfig(environment, tlsOf(read)),
    auditKeepMs: read.AUDIT_DAYS * dayMs,
    ...given(overrides),
  };
  if (config.databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(config.databaseUrl))
    throw invalid("DATABASE_URL", "must begin with postgres://");
  // Said at the start, not by whoever connects first.
  if (config.databaseUrl !== undefined) postgresWay(config.databaseUrl);
  if (config.redisUrl !== undefined) redisWay(config.redisUrl);
  const publicUrl = config.publicUrl === undefined ? undefined : checkPublicUrl(config.publicUrl);
  if (isSocket(listen) && publicUrl === undefined)
    throw invalid("PUBLIC_URL", "must be set where LISTEN is a Unix socket.");
  const joinPolicy = overrides.joinPolicy ?? read.JOIN_POLICY ?? usualJoinPolicy(host, publicUrl);
  return { ...config, publicUrl, joinPolicy };
}

const given = (overrides: Overrides): Partial<CoordinatorConfig> =>
  Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));

/** Addresses that stand for every interface count as public: the world may come in. */
const kindOf = (host: string): AddressKind =>
  host === "localhost" ? "loopback" : (addressKind(host) ?? "public");

function tlsOf({
  TLS_CERT: certificate,
  TLS_KEY: key,
}: Pick<z.infer<typeof settings>, "TLS_CERT" | "TLS_KEY">): CertificateFiles | undefined {
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate === undefined && key === undefined) return undefined;
  throw invalid(certificate ? "TLS_KEY" : "TLS_CERT", "must be set where the other one is.");
}

const leastSecretCharacters = 32;

function longSecret(environment: Environment, name: string): string | undefined {
  const secret = readSecret(environment, name);
  if (secret !== undefined && secret.length < leastSecretCharacters)
    throw invalid(name, `must have ${leastSecretCharacters} characters or more.`);
  return secret;
}

function readReceiptSecret(environment: Environment): string {
  const name = "RECEIPT_SECRET";
  const secret = longSecret(environment, name);
  if (secret === undefined) throw invalid(name, "must be set where HMAC_RECEIPTS is on.");
  return secret;
}

/** Where the world can come in, be it through a proxy on this machine, starter credits are not for the asking. */
const usualJoinPolicy = (host: string, publicUrl: string | undefined): JoinPolicy =>
  [host, ...(publicUrl === undefined ? [] : [hostOf(publicUrl)])].some(
    (name) => kindOf(name) === "public",
  )
    ? "work"
    : "open";

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, "");

/**
 * The base of every URL that is signed: an origin, https unless it stays on this machine, the mesh or a private network.
 * @throws TroopError `configuration_invalid`
 */
export function checkPublicUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash)
    throw invalid("PUBLIC_URL", "must be a URL such as https://troop.example.org");
  if (url.protocol === "http:" && kindOf(hostOf(text)) === "public")
    throw invalid(
      "PUBLIC_URL",
      "must begin with https:// unless its host is a loopback, private or mesh address.",
    );
  return (url.origin + url.pathname).replace(/\/+$/, "");
}
