import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, test } from "vitest";
import {
  createDatabase,
  createRedisDatabase,
  testDatabaseUrl,
  testRedisUrl,
} from "../test/support/services.ts";
import { whatToInstall } from "./services/apt.ts";
import { programs } from "./services/programs.ts";

const withServices = join(import.meta.dirname, "with-services.ts");

const start = (...options: string[]) =>
  spawn(process.execPath, [withServices, ...options], { stdio: ["ignore", "pipe", "pipe"] });

async function run(...options: string[]) {
  const child = start(...options);
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { output, errors, status };
}

/** Each resolves to a promise that settles when the server closes the connection, which is when it ends. */
async function connectToPostgres(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // `once` would reject: being cut off is an error, and the end that we wait for.
  const ended = new Promise((resolve) => client.on("error", resolve).once("end", resolve));
  return { ended };
}

async function connectToRedis(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const ended = new Promise((resolve) => socket.on("error", resolve).once("close", resolve));
  socket.resume();
  return { ended };
}

/** The next line of output; rejects with what the child said instead, should it end before. */
async function nextLine(child: ReturnType<typeof start>): Promise<string> {
  const errors = text(child.stderr);
  const ended = once(child, "exit").then(async () => {
    throw new Error(await errors);
  });
  const [line] = await Promise.race([once(child.stdout.setEncoding("utf8"), "data"), ended]);
  ended.catch(() => {});
  return String(line).trim();
}

test("the command's status is the status, and it runs with fsync on when durable", async () => {
  const command = `psql "$TEST_DATABASE_URL" -Atc "show fsync"; exit 7`;
  expect(await run("--durable", "--", "sh", "-c", command)).toEqual({
    output: "on\n",
    errors: "",
    status: 7,
  });
});

test("a command that cannot be run is one line and status 1", async () => {
  const { errors, status } = await run("--", "no-such-program");
  expect(errors).toBe("cannot run no-such-program: spawn no-such-program ENOENT\n");
  expect(status).toBe(1);
});

test("a command killed by a signal gives the status that a shell gives", async () => {
  expect(await run("--", "sh", "-c", "kill -KILL $$")).toMatchObject({ status: 137 });
});

test.each(["SIGTERM", "SIGKILL"] as const)("the servers end with %s", async (signal) => {
  // `exec`, so that the command is a child of ours and not of a shell that waits for it.
  const child = start("--", "sh", "-c", "echo $TEST_DATABASE_URL $TEST_REDIS_URL; exec sleep 20");
  const [databaseUrl = "", redisUrl = ""] = (await nextLine(child)).split(" ");
  const postgres = await connectToPostgres(databaseUrl);
  const redis = await connectToRedis(redisUrl);
  child.kill(signal);
  await Promise.all([postgres.ended, redis.ended]);
});

test("what is missing is named with the packages that bring it", () => {
  const message = whatToInstall([programs.redis, programs.chromium]);
  expect(message).toContain("- Redis server\n");
  expect(message).toContain("redis-server chromium-headless-shell fonts-liberation\n");
});

const databaseUrl = await testDatabaseUrl();
const redisUrl = await testRedisUrl();

test("a test file has a database and a Redis of its own, both empty", async () => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query("select from pg_tables where schemaname = 'public'");
  await client.end();
  expect(rows).toEqual([]);
  const redis = new Redis(redisUrl);
  expect(await redis.dbsize()).toBe(0);
  redis.disconnect();
});

test("each test has a database of its own, gone afterwards", async () => {
  const first = await createDatabase();
  await using second = await createDatabase();
  expect(first.url).not.toBe(second.url);
  await first[Symbol.asyncDispose]();
  const client = new pg.Client({ connectionString: first.url });
  await expect(client.connect()).rejects.toThrow("does not exist");
});

test("each test has a Redis database of its own", async () => {
  await using first = await createRedisDatabase();
  await using second = await createRedisDatabase();
  expect(first.url).toMatch(/\/\d+$/);
  expect(first.url).not.toBe(second.url);
});
