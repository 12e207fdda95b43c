/** PostgreSQL and Redis over TLS, real ones: reached where the authority is trusted and vouches for this name, and nowhere else. */
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createAuthority, type Authority } from "../../test/support/certificates.ts";
import { startPostgres } from "../../tools/services/postgres.ts";
import { freePort } from "../../tools/services/ready.ts";
import { startRedis } from "../../tools/services/redis.ts";
import { systemClock } from "../base/clock.ts";
import type { CertificateFiles } from "../host/certificate.ts";
import { createLog } from "../host/log.ts";
import { openDatabase } from "./database.ts";
import { redisAt } from "./redis-connection.ts";

const resources = new AsyncDisposableStack();
const log = createLog("silent");
let authority: Authority;
let stranger: Authority;
beforeAll(() => {
  authority = resources.use(createAuthority());
  stranger = resources.use(createAuthority());
});
afterAll(() => resources.disposeAsync());

test("PostgreSQL", async () => {
  const { url } = resources.use(await startPostgres({ durable: false }));
  const administrator = new pg.Client({ connectionString: url });
  await administrator.connect();
  resources.defer(() => administrator.end());
  const show = async ({ certificate, key }: CertificateFiles) => {
    // As the server's own user, in its own folder, under the names that it looks for.
    for (const [file, name] of [
      [certificate, "server.crt"],
      [key, "server.key"],
    ] as const) {
      const text = readFileSync(file).toString("base64");
      await administrator.query(
        `copy (select '${text}') to program 'umask 077; base64 -d > ${name}'`,
      );
    }
    await administrator.query("alter system set ssl = on");
    await administrator.query("select pg_reload_conf()");
  };
  const connect = async (query: string, by = url) => {
    const database = await openDatabase(
      { url: `${by}?${query}`, folder: undefined, poolSize: 1 },
      log,
    );
    await database.destroy();
  };
  const refused = { code: "database_unreachable" };
  const trusting = ({ file }: Authority) => `sslmode=verify-full&sslrootcert=${file}`;
  // It does not speak TLS yet.
  await expect(connect(trusting(authority))).rejects.toMatchObject(refused);
  await show(authority.issue("IP:127.0.0.1"));
  await vi.waitFor(() => connect(trusting(authority)), 10_000);
  await expect(connect(trusting(stranger))).rejects.toMatchObject(refused);
  await expect(connect("sslmode=verify-full")).rejects.toMatchObject(refused);
  // The right authority, of another server.
  await expect(
    connect(trusting(authority), url.replace("127.0.0.1", "localhost")),
  ).rejects.toMatchObject(refused);
});

test("Redis", async () => {
  const { url } = resources.use(await startRedis());
  const port = await freePort();
  const { certificate, key } = authority.issue("DNS:localhost");
  const administrator = new Redis(url);
  resources.defer(() => administrator.disconnect());
  await administrator.call(
    ...(["config", "set", "tls-cert-file", certificate, "tls-key-file", key] as const),
    ...["tls-ca-cert-file", authority.file, "tls-auth-clients", "no", "tls-port", String(port)],
  );
  const ping = async (host: string, by: Authority | undefined) => {
    const query = by ? `?ssl_ca_certs=${by.file}` : "";
    const connect = redisAt({ url: `rediss://${host}:${port}${query}`, clock: systemClock, log });
    const redis = connect({ lazyConnect: true, retryStrategy: () => null });
    try {
      await redis.connect();
      return await redis.ping();
    } finally {
      redis.disconnect();
    }
  };
  expect(await ping("localhost", authority)).toBe("PONG");
  await expect(ping("localhost", stranger)).rejects.toThrow();
  await expect(ping("localhost", undefined)).rejects.toThrow();
  await expect(ping("127.0.0.1", authority)).rejects.toThrow();
});
