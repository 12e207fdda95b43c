/**
 * TLS to PostgreSQL and Redis, as their URLs ask for it. Whoever encrypts without looking at the other end's
 * certificate encrypts for anybody who stands between: there is TLS that verifies, or none that was asked for.
 */
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { TroopError } from "../protocol/error-codes.ts";

export interface PostgresWay {
  connectionString: string;
  /** Absent: the URL does not ask for it. */
  ssl?: ConnectionOptions;
}

/** libpq's names for files, and Node's. */
const postgresFiles = { sslrootcert: "ca", sslcert: "cert", sslkey: "key" } as const;

/**
 * @param text `postgres://…?sslmode=verify-full&sslrootcert=<file>`; without that file the usual authorities are trusted
 * @throws TroopError `configuration_invalid` for modes that encrypt without verifying, and files that cannot be read
 */
export function postgresWay(text: string): PostgresWay {
  const url = new URL(text);
  const mode = url.searchParams.get("sslmode");
  const asks = [...url.searchParams.keys()].filter((name) => /^(ssl|uselibpqcompat)/.test(name));
  const files = asks.flatMap((name) =>
    name in postgresFiles ? [name as keyof typeof postgresFiles] : [],
  );
  if (mode !== "verify-full") {
    if (asks.length === 0 || (mode === "disable" && asks.length === 1))
      return { connectionString: text };
    throw invalid(
      "DATABASE_URL",
      "may ask for TLS by sslmode=verify-full only, with sslrootcert where the authority is your own: every other mode encrypts without checking for whom.",
    );
  }
  const ssl: ConnectionOptions = { rejectUnauthorized: true };
  for (const name of files)
    ssl[postgresFiles[name]] = readNamed("DATABASE_URL", url.searchParams.get(name)!);
  for (const name of asks) url.searchParams.delete(name);
  return { connectionString: url.href, ssl };
}

export interface RedisWay {
  url: string;
  tls?: ConnectionOptions;
}

/**
 * @param text `rediss://…?ssl_ca_certs=<file>`; without that file the usual authorities are trusted
 * @throws TroopError `configuration_invalid` where the file cannot be read, or the URL asks for something else
 */
export function redisWay(text: string): RedisWay {
  const url = new URL(text);
  const file = url.searchParams.get("ssl_ca_certs");
  url.searchParams.delete("ssl_ca_certs");
  // The client would take each for an option of its own.
  if (url.search !== "") throw invalid("REDIS_URL", "may have no parameter but ssl_ca_certs.");
  if (url.protocol === "redis:") {
    if (file === null) return { url: text };
    throw invalid("REDIS_URL", "names ssl_ca_certs and must then begin with rediss://");
  }
  const tls: ConnectionOptions = { rejectUnauthorized: true };
  if (file !== null) tls.ca = readNamed("REDIS_URL", file);
  return { url: url.href, tls };
}

function readNamed(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw invalid(name, `names ${file}, which cannot be read.`, cause);
  }
}

const invalid = (name: string, reason: string, cause?: unknown) =>
  new TroopError("configuration_invalid", `${name} ${reason}`, { param: name, cause });
