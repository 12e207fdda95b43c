/** Limits as callers meet them: by where they come from, by who they are, and behind proxies. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";

const resources = new AsyncDisposableStack();
let troop: TestCoordinator;
let user: Signer;
let databaseUrl: string;
beforeAll(async () => {
  const { url } = resources.use(await createDatabase());
  databaseUrl = url;
  const rateLimits = { defaultPerHour: 3, strictPerHour: 2, networkPerMinute: 20 };
  troop = resources.use(
    await openCoordinator({
      ...{ databaseUrl: url, rateLimits, trustedProxies: ["127.0.0.1"], addressPolicy: "public" },
    }),
  );
  user = await makeSigner();
  await troop.call(user, "POST", "/users", {});
}, 60_000);
afterAll(() => resources.disposeAsync());

let networks = 0;
/** An address in a network that nobody called from yet. */
const newAddress = (): string => `203.0.${(networks += 1)}.7`;

/** Through the proxy, which the test is. */
const callFrom = (
  forwarded: string,
  signer: Signer | undefined,
  method: "GET" | "POST",
  path: string,
  body?: object,
) => troop.call(signer, method, path, body, { "x-forwarded-for": forwarded });

const statusesOf = async (calls: (() => Promise<{ status: number }>)[]): Promise<number[]> => {
  const statuses: number[] = [];
  for (const call of calls) statuses.push((await call()).status);
  return statuses;
};
const times = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

test("every answer says what is left, and the one too many how long to wait", async () => {
  const address = newAddress();
  const tariff = () => callFrom(address, undefined, "GET", "/tariff");
  const [first, , third] = [await tariff(), await tariff(), await tariff()];
  expect(first.headers).toMatchObject({ "x-ratelimit-limit": "3", "x-ratelimit-remaining": "2" });
  expect(third.headers).toMatchObject({
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": "3600",
  });
  troop.clock.advance(60_000);
  const refused = await tariff();
  expect(refused.status).toBe(429);
  expect(refused.headers).toMatchObject({
    ...{ "retry-after": "3540", "x-ratelimit-limit": "3" },
    ...{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3540" },
  });
  expect(refused.body.error).toMatchObject({
    ...{ code: "rate_limit_exceeded", type: "rate_limit_error" },
    details: { limit: 3, window_seconds: 3_600 },
  });
  expect((await callFrom(newAddress(), undefined, "GET", "/tariff")).status).toBe(200);
  expect((await callFrom(address, undefined, "GET", "/health")).status).toBe(200);
});

test("whatever a caller makes up to the left of what the proxy wrote, it stays the same caller", async () => {
  const address = newAddress();
  const calls = times(
    4,
    (index) => () => callFrom(`198.51.100.${index}, ${address}`, undefined, "GET", "/tariff"),
  );
  expect(await statusesOf(calls)).toEqual([200, 200, 200, 429]);
});

test("new keys do not make a newcomer of the same address: joining is limited by it", async () => {
  const address = newAddress();
  const keys = await Promise.all(times(3, makeSigner));
  const joins = keys.map((key) => () => callFrom(address, key, "POST", "/users", {}));
  expect(await statusesOf(joins)).toEqual([200, 200, 429]);
});

test("proofs that do not verify count, and those of others than the address's do not suffer", async () => {
  const address = newAddress();
  const balance = `/users/${user.id}/balance`;
  const forged = () =>
    troop.call(undefined, "GET", balance, undefined, { dpop: "a.b.c", "x-forwarded-for": address });
  expect(await statusesOf([forged, forged, forged])).toEqual([401, 401, 429]);
  const known = await callFrom(address, user, "GET", balance);
  expect(known.status).toBe(200);
  expect(known.headers).toMatchObject({
    "x-ratelimit-limit": "600",
    "x-ratelimit-remaining": "599",
  });
});

test("calls of an account that was cut off count as those of anybody from there", async () => {
  const [address, account] = [newAddress(), await makeSigner()];
  await callFrom(newAddress(), account, "POST", "/users", {});
  const config = { url: databaseUrl, folder: undefined, poolSize: 1 };
  const database = await openDatabase(config, createLog("silent"));
  resources.defer(() => database.destroy());
  await sql`update account set revoked_ms = 1 where id = ${account.id}`.execute(database);
  troop.clock.advance(11_000);
  const balance = () => callFrom(address, account, "GET", `/users/${account.id}/balance`);
  expect(await statusesOf(times(4, () => balance))).toEqual([403, 403, 403, 429]);
});

test("a network's strangers use up its share before they are known; whoever is known does not", async () => {
  const address = newAddress();
  const balance = () => callFrom(address, user, "GET", `/users/${user.id}/balance`);
  expect(await statusesOf(times(40, () => balance))).toEqual(times(40, () => 200));
  const neighbour = (index: number) => address.replace(/7$/, String(100 + index));
  const nonsense = times(
    20,
    (index) => () => callFrom(neighbour(index), undefined, "GET", "/nowhere"),
  );
  expect(await statusesOf(nonsense)).toEqual(times(20, () => 404));
  const refused = await balance();
  expect([refused.status, refused.headers["x-ratelimit-limit"]]).toEqual([429, "20"]);
  troop.clock.advance(60_000);
  expect((await balance()).status).toBe(200);
});

test("tickets have a limit of their own, and asking again for one that was given is no new ticket", async () => {
  const address = newAddress();
  const node = await troop.serve(user);
  const wish = () => ({
    id: systemRandom.uuid(),
    model: "a-model:1b",
    anchor: createSecretTree(new Uint8Array(32)).anchor,
  });
  const ask = (body: object) => callFrom(address, user, "POST", "/authorize", body);
  const first = wish();
  expect((await ask(first)).headers["x-ratelimit-limit"]).toBe("120");
  const again = await ask(first);
  expect([again.status, again.headers["x-ratelimit-limit"]]).toEqual([200, "600"]);
  const rest = times(119, () => () => ask(wish()));
  expect(new Set(await statusesOf(rest))).toEqual(new Set([200]));
  expect((await ask(wish())).status).toBe(429);
  expect((await ask(first)).status).toBe(200);
  const beat = await callFrom(address, node, "POST", "/heartbeat", beatOf({ counter: 2 }));
  expect([beat.status, beat.headers["x-ratelimit-limit"]]).toEqual([200, "40"]);
});

test("statements count for who signed them; only those that nobody takes count for the network too", async () => {
  const address = newAddress();
  const node = await troop.serve(user);
  const send = async (signer: Signer) => {
    const close = await troop.statement(signer, "troop-close+jwt", { hold, numbers: [] });
    return callFrom(address, undefined, "POST", "/receipts", { statements: [close] });
  };
  const { anchor } = createSecretTree(new Uint8Array(32));
  const ticket = await troop.call(user, "POST", "/authorize", {
    ...{ id: systemRandom.uuid(), model: "a-model:1b", anchor, node: node.id },
  });
  const { hold } = ticket.body as { hold: string };
  const taken = await statusesOf(times(60, () => () => send(node)));
  expect(new Set(taken)).toEqual(new Set([200]));
  const refused = await send(node);
  expect([refused.status, refused.headers["x-ratelimit-limit"]]).toEqual([429, "60"]);
  // The refused one counts for the network, and so do these; the twenty-first call is refused unseen.
  const stranger = await makeSigner();
  const nobodys = await statusesOf(times(19, () => () => send(stranger)));
  expect(new Set(nobodys)).toEqual(new Set([200]));
  const unseen = await send(await makeSigner());
  expect([unseen.status, unseen.headers["x-ratelimit-limit"]]).toEqual([429, "20"]);
});

test("a signer made up for each call is not made good by a statement of somebody else's behind it", async () => {
  const address = newAddress();
  const node = await troop.serve(user);
  const { anchor } = createSecretTree(new Uint8Array(32));
  const ticket = await troop.call(user, "POST", "/authorize", {
    ...{ id: systemRandom.uuid(), model: "a-model:1b", anchor, node: node.id },
  });
  const { hold } = ticket.body as { hold: string };
  const taken = await troop.statement(node, "troop-close+jwt", { hold, numbers: [] });
  const send = async () => {
    const madeUp = await troop.statement(await makeSigner(), "troop-close+jwt", {
      hold,
      numbers: [],
    });
    return callFrom(address, undefined, "POST", "/receipts", { statements: [madeUp, taken] });
  };
  const statuses = await statusesOf(times(21, () => send));
  expect(statuses).toEqual([...times(20, () => 200), 429]);
});

test("nothing is limited that comes from this machine itself", async () => {
  const tariff = () => troop.call(undefined, "GET", "/tariff");
  expect(await statusesOf(times(6, () => tariff))).toEqual(times(6, () => 200));
  expect((await tariff()).headers).not.toHaveProperty("x-ratelimit-limit");
});

const free = ["/", "/health", "/health/ready", "/public-key", "/.well-known/jwks.json"];
test("whatever anybody may read without a proof counts, but for what costs nothing", async () => {
  const { body } = await troop.call(undefined, "GET", "/openapi.json");
  for (const [path, methods] of Object.entries(body.paths as Record<string, object>)) {
    if (!("get" in methods)) continue;
    const { headers } = await callFrom(
      newAddress(),
      undefined,
      "GET",
      path.replace(/\{\w+\}/g, user.id),
    );
    expect([path, headers["x-ratelimit-limit"]]).toEqual([
      path,
      free.includes(path) ? undefined : "3",
    ]);
  }
});

test("each limit that is reached is on record once a window", async () => {
  const address = newAddress();
  for (const _ of times(6, () => 0)) await callFrom(address, undefined, "GET", "/tariff");
  const folder = join(troop.folder, "audit");
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line.includes(`"${address}"`));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      ...{ event_type: "rate_limit", user_id: null, ip_address: address },
      details: { event: "limit_reached", bucket: "default", limit: 3 },
    },
  ]);
});
