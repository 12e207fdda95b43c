/**
 * The PostgreSQL and Redis that `npm test` brings up, one fresh database of each per test file.
 * Without them tests fail rather than skip: a test that did not run has shown nothing.
 */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll } from "vitest";

export interface TestService extends AsyncDisposable {
  url: string;
}

/** URL of a new, empty database, dropped after the file's tests. Call it at the top of the file or in a `describe`. */
export const testDatabaseUrl = () => untilAfterAll(createDatabase());

/**
 * URL of a Redis database that no other file uses, emptied after the file's tests.
 * Channels are not scoped by database in Redis: name them after something random.
 */
export const testRedisUrl = () => untilAfterAll(createRedisDatabase());

/** As `testDatabaseUrl`, for one test: `await using database = await createDatabase()`. */
export async function createDatabase(): Promise<TestService> {
  const server = serviceUrl("TEST_DATABASE_URL");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  // template0 has no visitors; template1 may not be copied while somebody is connected to it.
  await runStatement(server, `create database ${name} template template0`);
  const url = new URL(server);
  url.pathname = name;
  return {
    url: url.href,
    // `force` because a test may leave connections behind, on purpose or by failing.
    [Symbol.asyncDispose]: () => runStatement(server, `drop database ${name} with (force)`),
  };
}

/** As `testRedisUrl`, for one test. */
export async function createRedisDatabase(): Promise<TestService> {
  const server = serviceUrl("TEST_REDIS_URL");
  // Database 0 only counts which of the others are taken.
  const number = await withRedis(server, (redis) => redis.incr("databases-taken"));
  const url = `${server}/${number}`;
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      await withRedis(url, (redis) => redis.flushdb());
    },
  };
}

function serviceUrl(variable: "TEST_DATABASE_URL" | "TEST_REDIS_URL"): string {
  const value = process.env[variable];
  if (value) return value;
  throw new Error(
    `${variable} is not set. Tests need servers that \`npm test\` brings up: run \`npm test\`, or \`npm test -- FILE\` for one file.`,
  );
}

async function untilAfterAll(creating: Promise<TestService>): Promise<string> {
  afterAll(async () => (await creating)[Symbol.asyncDispose]());
  return (await creating).url;
}

async function runStatement(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
