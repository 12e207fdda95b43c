/** What URLs may ask of TLS, and that every way to encrypt without verifying is refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { postgresWay, redisWay } from "./verified-tls.ts";

const folder = mkdtempSync(join(tmpdir(), "troop-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const authority = join(folder, "ca.pem");
writeFileSync(authority, "an authority");
const postgres = "postgres://troop:secret@db.example:5432/troop";
const redis = "rediss://:secret@cache.example:6380/0";

test("PostgreSQL: none, or one that is verified", () => {
  for (const text of [postgres, `${postgres}?sslmode=disable`, `${postgres}?application_name=t`])
    expect(postgresWay(text)).toEqual({ connectionString: text });
  expect(postgresWay(`${postgres}?sslmode=verify-full`)).toEqual({
    ...{ connectionString: postgres, ssl: { rejectUnauthorized: true } },
  });
  const own = `${postgres}?sslmode=verify-full&sslrootcert=${authority}&application_name=t`;
  expect(postgresWay(own)).toEqual({
    connectionString: `${postgres}?application_name=t`,
    ssl: { rejectUnauthorized: true, ca: Buffer.from("an authority") },
  });
});

test.each([
  ...["sslmode=require", "sslmode=prefer", "sslmode=allow", "sslmode=no-verify"],
  ...["sslmode=verify-ca", "sslmode=", "ssl=true", "ssl=no-verify", "uselibpqcompat=true"],
  ...["sslrootcert=/ca.pem", "sslmode=disable&sslrootcert=/ca.pem"],
  "sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
])("PostgreSQL: %s is refused", (query) => {
  expect(() => postgresWay(`${postgres}?${query}`)).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param: "DATABASE_URL" }),
  );
});

test("Redis: none, or one that is verified", () => {
  const plain = "redis://cache.example:6379";
  expect(redisWay(plain)).toEqual({ url: plain });
  expect(redisWay(redis)).toEqual({ url: redis, tls: { rejectUnauthorized: true } });
  expect(redisWay(`${redis}?ssl_ca_certs=${authority}`)).toEqual({
    ...{ url: redis, tls: { rejectUnauthorized: true, ca: Buffer.from("an authority") } },
  });
});

test.each([
  `${redis}?rejectUnauthorized=false`,
  `${redis}?tls=false`,
  `${redis}?ssl_ca_certs=/nowhere/ca.pem`,
  `redis://cache.example?ssl_ca_certs=${authority}`,
])("Redis: %s is refused", (text) => {
  expect(() => redisWay(text)).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param: "REDIS_URL" }),
  );
});
