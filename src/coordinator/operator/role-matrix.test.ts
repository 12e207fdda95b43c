/** Each role at each endpoint of `/admin`: no more than it needs, and what is refused is on record. */
import { beforeAll, expect, test } from "vitest";
import { routesIn } from "../../../test/house-rules/documented.ts";
import { productionFiles } from "../../../test/house-rules/source-files.ts";
import { systemRandom } from "../../base/random.ts";
import { makeSigner } from "../coordinator.fixture.ts";
import { openDesk, type Desk } from "./operator-desk.fixture.ts";
import { mayDo, type Need, type Role } from "./roles.ts";

const roles: Role[] = ["viewer", "operator", "treasurer", "administrator"];
let desk: Desk;
let ids: Record<"user" | "node" | "key", string>;
beforeAll(async () => {
  desk = await openDesk({ databaseUrl: undefined });
  const owner = await makeSigner();
  const node = await desk.troop.serve(owner);
  ids = { user: owner.id, node: node.id, key: owner.id };
}, 60_000);

/** By the specification, and not by what the code says of itself. */
const allowed: Record<Need, readonly Role[]> = {
  read: ["viewer", "operator", "treasurer", "administrator"],
  handle: ["operator", "administrator"],
  grant: ["treasurer", "administrator"],
  own: ["administrator"],
};
const none = {};
/** In this order: what is restored must have been revoked, and what is deleted is gone. */
const matrix: [method: "GET" | "POST" | "DELETE", path: string, Need, (() => object)?][] = [
  ["GET", "/admin/users", "read"],
  ["GET", "/admin/users/{user}", "read"],
  ["GET", "/admin/nodes", "read"],
  ["GET", "/admin/nodes/{node}", "read"],
  ["GET", "/admin/ledger", "read"],
  ["GET", "/admin/ledger/audit", "read"],
  ["GET", "/admin/keys", "read"],
  ["GET", "/admin/invites", "read"],
  ["GET", "/admin/operators", "read"],
  ["GET", "/admin/audit", "read"],
  ["GET", "/admin/audit/verify", "read"],
  ["GET", "/admin/users/{user}/export", "handle"],
  ["POST", "/admin/invites", "handle", () => ({ count: 1, for_ms: 1_000 })],
  ["POST", "/admin/nodes/{node}/quarantine", "handle", () => ({ for_ms: 1_000 })],
  ["POST", "/admin/nodes/{node}/release", "handle"],
  ["POST", "/admin/nodes/{node}/revoke", "handle"],
  ["POST", "/admin/nodes/{node}/restore", "handle"],
  ["POST", "/admin/users/{user}/revoke", "handle"],
  ["POST", "/admin/users/{user}/restore", "handle"],
  ["POST", "/admin/grants", "grant", () => grantOf(ids.user)],
  ["POST", "/admin/keys/rotate", "own"],
  ["POST", "/admin/operators", "own", () => ({ name: `eve${(count += 1)}`, role: "viewer" })],
  ["POST", "/admin/operators/treasurer/role", "own", () => ({ role: "treasurer" })],
  ["POST", "/admin/operators/eve1/password", "own"],
  ["DELETE", "/admin/operators/eve1", "own"],
  ["POST", "/admin/account-keys/{key}/revoke", "handle"],
  ["POST", "/admin/users/{user}/delete", "own", () => none],
];
let count = 0;
const grantOf = (account: string) => ({
  ...{ id: systemRandom.uuid(), account, amount: "1.000000", memo: "thanks" },
});

test("every route of /admin is in the matrix", () => {
  const shapeOf = (path: string) =>
    path.replaceAll(/\{\w*\}/g, "{}").replace(/operators\/\w+/, "operators/{}");
  const served = [...routesIn(productionFiles())].filter((path) => path.startsWith("/admin"));
  const listed = new Set(matrix.map(([, path]) => shapeOf(path)));
  expect(served.filter((path) => !listed.has(path))).toEqual([]);
  expect(served.length).toBeGreaterThan(10);
});

test.each(matrix)("%s %s takes what allows to %s", async (method, path, need, body) => {
  const url = path.replace(/\{(\w+)\}/, (_match, name: keyof typeof ids) => ids[name]);
  // The one who may everything comes last: what is deleted is gone.
  for (const role of roles) {
    count = role === "administrator" ? 0 : count;
    const isAllowed = allowed[need].includes(role);
    const answer = await desk.ask(role, method, url, body?.());
    expect([role, answer.status, answer.body.error?.code]).toEqual([
      ...[role, isAllowed ? 200 : 403, isAllowed ? undefined : "not_permitted"],
    ]);
    if (method === "GET" && !path.endsWith("/export")) continue;
    const page = await desk.ask("administrator", "GET", "/admin/audit?limit=1&event_type=admin");
    const [row] = page.body.events;
    expect(row.user_id).toBe(role === "administrator" ? "admin" : role);
    expect(row.details.refused).toBe(isAllowed ? undefined : "not_permitted");
  }
});

test("a route that does not say what it takes is the administrator's alone", () => {
  expect(roles.filter((role) => mayDo({ name: role, role }))).toEqual(["administrator"]);
});

test("another role, another password and a removal count from the next call on", async () => {
  const made = await desk.ask("administrator", "POST", "/admin/operators", {
    ...{ name: "lea", role: "treasurer" },
  });
  const as = async (password: string, path = "/admin/users") => {
    const authorization = `Basic ${Buffer.from(`lea:${password}`).toString("base64")}`;
    const call = { method: "GET", url: path, headers: { authorization } } as const;
    const answer = await desk.troop.coordinator.inject(call);
    return answer.json().error?.code ?? answer.statusCode;
  };
  const { password } = made.body;
  expect(await as(password)).toBe(200);
  expect(await as(password, `/admin/users/${ids.user}/export`)).toBe("not_permitted");
  await desk.ask("administrator", "POST", "/admin/operators/lea/role", { role: "operator" });
  expect(await as(password, `/admin/users/${ids.user}/export`)).toBe(200);
  const renewed = await desk.ask("administrator", "POST", "/admin/operators/lea/password");
  expect(await as(password)).toBe("login_required");
  expect(await as(renewed.body.password)).toBe(200);
  await desk.ask("administrator", "DELETE", "/admin/operators/lea");
  expect(await as(renewed.body.password)).toBe("login_required");
});
