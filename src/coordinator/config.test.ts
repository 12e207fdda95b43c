import { expect, test } from "vitest";
import { readCoordinatorConfig } from "./config.ts";

test("without any variable it listens on loopback, keeps its books in the data folder, and lets everybody join", () => {
  expect(readCoordinatorConfig({ DATA_DIR: "/data" })).toEqual({
    listen: { host: "127.0.0.1", port: 8_000 },
    publicUrl: undefined,
    dataFolder: "/data",
    databaseUrl: undefined,
    databasePool: 10,
    redisUrl: undefined,
    joinPolicy: "open",
    starterCredits: 1_000_000_000n,
    faucetDaily: 100_000_000_000n,
    addressPolicy: "loopback",
    migrate: "auto",
    hmacSecret: undefined,
    relay: { nodes: 4_096, streams: 2_000, prefixBytes: 16 * 2 ** 30 },
    relaysAllowed: [],
    trustedProxies: [],
    rateLimits: { defaultPerHour: 100, strictPerHour: 20, networkPerMinute: 600 },
    operator: {
      ...{ listen: { host: "127.0.0.1", port: 8_001 }, isChosen: false },
      ...{ user: "admin", password: undefined },
    },
    auditKeepMs: 30 * 24 * 60 * 60_000,
  });
});

test("the command line wins over the environment, and what it leaves out does not", () => {
  const config = readCoordinatorConfig(
    { LISTEN: "127.0.0.1:1", PUBLIC_URL: "https://troop.example/" },
    { listen: { host: "127.0.0.1", port: 2 }, publicUrl: undefined },
  );
  expect(config).toMatchObject({ listen: { port: 2 }, publicUrl: "https://troop.example" });
});

test.each([
  ["LISTEN", "nowhere"],
  ["PUBLIC_URL", "http://troop.example.org"],
  ["PUBLIC_URL", "http://203.0.113.9"],
  ["PUBLIC_URL", "troop"],
  ["DATABASE_URL", "mysql://x"],
  ["DATABASE_POOL", "0"],
  ["REDIS_URL", "http://x"],
  ["JOIN_POLICY", "nobody"],
  ["STARTER_CREDITS", "-1"],
  ["FAUCET_DAILY", "1e9"],
  ["ADDRESS_POLICY", "everywhere"],
  ["MIGRATE", "never"],
  ["OPERATOR_LISTEN", "somewhere"],
  ["OPERATOR_URL", "http://operators.example"],
  ["OPERATOR_URL", "HTTP://operators.example"],
  ["OPERATOR_URL", "https://lea:secret@operators.example"],
  ["OPERATOR_URL", "operators"],
  ["ADMIN_USER", "a:b"],
  ["ADMIN_PASSWORD", "short"],
  ["AUDIT_DAYS", "6"],
])("%s=%s is refused by name", (name, value) => {
  expect(() => readCoordinatorConfig({ [name]: value })).toThrowError(
    expect.objectContaining({ code: "configuration_invalid", param: name }),
  );
});

test.each([
  "http://127.0.0.1:8000",
  "http://[::1]:8000",
  "http://192.168.1.4",
  "http://100.64.0.3:80",
  "http://localhost:8000",
])("%s may do without https", (url) => {
  expect(readCoordinatorConfig({ PUBLIC_URL: url }).publicUrl).toBe(new URL(url).origin);
});

test.each([
  ["on this machine", {}, "open"],
  ["in a private network", { LISTEN: "192.168.1.4:8000" }, "open"],
  ["on every interface", { LISTEN: "0.0.0.0:8000" }, "work"],
  ["through a proxy with a public name", { PUBLIC_URL: "https://troop.example.org" }, "work"],
  ["wherever, if it says so", { LISTEN: "0.0.0.0:8000", JOIN_POLICY: "open" }, "open"],
  ["by invitation, if it says so", { JOIN_POLICY: "invite" }, "invite"],
])("a coordinator that is reached %s lets people join: %o", (_name, environment, policy) => {
  expect(readCoordinatorConfig(environment).joinPolicy).toBe(policy);
});

test("receipts by shared key need a secret that nobody guesses", () => {
  const on = { HMAC_RECEIPTS: "on" };
  for (const secret of [{}, { RECEIPT_SECRET: "short" }]) {
    expect(() => readCoordinatorConfig({ ...on, ...secret })).toThrowError(
      expect.objectContaining({ param: "RECEIPT_SECRET" }),
    );
  }
  const secret = "s".repeat(32);
  expect(readCoordinatorConfig({ ...on, RECEIPT_SECRET: secret }).hmacSecret).toBe(secret);
  expect(readCoordinatorConfig({ RECEIPT_SECRET: secret }).hmacSecret).toBeUndefined();
});

test("a coordinator that the world can reach lists addresses of the world", () => {
  expect(readCoordinatorConfig({ LISTEN: "0.0.0.0:8000" }).addressPolicy).toBe("public");
});
