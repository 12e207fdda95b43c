/** Operators' commands about people, as they are typed: through a coordinator's socket, and past it where none runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import {
  keyRingSecret,
  makeSignerWithDash,
  openCoordinator,
} from "../coordinator/coordinator.fixture.ts";
import { operator } from "../coordinator/operator/operator-desk.fixture.ts";
import { typeTroop } from "./command-line.fixture.ts";

describe.each([
  ["PGlite", "running"],
  ["PGlite", "stopped"],
  ["PostgreSQL", "running"],
  ["PostgreSQL", "stopped"],
] as const)("on %s, with a coordinator %s", { timeout: 120_000 }, (kind, state) => {
  const resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "troop-admin-people-"));
  let databaseUrl: string | undefined;
  let [user, node]: string[] = [];
  beforeAll(async () => {
    databaseUrl = kind === "PostgreSQL" ? resources.use(await createDatabase()).url : undefined;
    const settings = { dataFolder: join(folder, "coordinator"), databaseUrl, operator };
    const troop = await openCoordinator(settings as object);
    const owner = await makeSignerWithDash();
    node = (await troop.serve(owner, {}, await makeSignerWithDash())).id;
    user = owner.id;
    if (state === "running") resources.use(troop);
    else await troop[Symbol.asyncDispose]();
  }, 60_000);
  afterAll(async () => {
    await resources.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  async function admin(...words: string[]) {
    const { stdout, ...told } = await typeTroop(["admin", ...words], {
      ...{ DATA_DIR: folder, LOG_LEVEL: "silent" },
      ...(databaseUrl ? { DATABASE_URL: databaseUrl, KEY_RING_SECRET: keyRingSecret } : {}),
    });
    return { ...told, said: stdout };
  }
  const told = async (...words: string[]) => {
    const { code, json, stderr } = await admin(...words, "--json");
    expect([code, stderr.includes("error:") ? stderr : ""]).toEqual([0, ""]);
    return json;
  };

  test("who and what is there is shown in tables and as JSON", async () => {
    expect((await admin("users")).said).toMatch(new RegExp(`account +joined[^]*${user}`));
    expect(await told("users", user!)).toMatchObject({ account_id: user, nodes: 1, keys: 1 });
    expect(await told("nodes", "--owner", user!)).toMatchObject({ nodes: [{ node_id: node }] });
    expect(await told("nodes", node!)).toMatchObject({
      status: state === "running" ? "IDLE" : null,
    });
    expect((await admin("ledger")).said).toMatch(/minted so far +100000\.000000/);
    expect(await told("keys")).toMatchObject({ keys: [{ number: 1, state: "signing" }] });
    expect(await told("audit-ledger")).toEqual({ sound: true, offences: [] });
  });

  test("credits are granted after a question, once for each id", async () => {
    const id = systemRandom.uuid();
    const words = ["grant", user!, "12.5", "--memo", "for the night", "--id", id];
    expect(await admin(...words)).toMatchObject({ code: 2 });
    const first = await told(...words, "--yes");
    expect(first).toMatchObject({ id, amount: "12.500000", repeated: false });
    expect(await told(...words, "--yes")).toEqual({ ...first, repeated: true });
    expect(await told("users", user!)).toMatchObject({ balance: "12.500000" });
    for (const list of [["users", user!], ["ledger"]])
      expect((await admin(...list)).said).toMatch(/12\.500000 +\S{43} +local:\S+ +for the night/);
    const failed = await admin("grant", user!, "13", "--memo", "m", "--id", id, "--yes");
    expect(failed.stderr).toContain("idempotency_mismatch");
    expect((await admin("grant", user!, "13")).code).toBe(2);
  });

  test("invitations, quarantine, cutting off and the keys of tickets", async () => {
    expect((await told("invite", "--count", "2")).codes).toHaveLength(2);
    expect((await told("invites")).invites).toHaveLength(2);
    expect((await told("quarantine", node!, "--for", "2d")).quarantined_until).not.toBe(null);
    expect((await told("release", node!)).quarantined_until).toBe(null);
    expect(await told("revoke", "node", node!, "--yes")).toMatchObject({ revoked: true });
    expect((await admin("nodes")).said).toContain("revoked");
    expect(await told("restore", "node", node!)).toMatchObject({ revoked: false });
    expect((await admin("revoke", "everybody", user!, "--yes")).code).toBe(2);
    expect((await admin("revoke", "node", user!, "--yes")).stderr).toContain("node_unknown");
    expect((await told("keys", "rotate")).keys).toMatchObject([
      ...[{ state: "signing" }, { number: 2, state: "next" }],
    ]);
  });

  test("operators are added, changed and removed", async () => {
    const made = await told("operators", "add", "lea", "--role", "treasurer");
    expect(made).toMatchObject({ name: "lea", role: "treasurer" });
    expect((await told("operators", "password", "lea")).password).not.toBe(made.password);
    expect(await told("operators", "role", "lea", "viewer")).toMatchObject({ role: "viewer" });
    expect((await admin("operators", "list")).said).toMatch(/lea +viewer/);
    expect((await told("operators", "remove", "lea")).operators).toHaveLength(1);
    expect((await admin("operators", "remove", "lea")).stderr).toContain("operator_unknown");
    expect((await admin("operators", "add", "Lea!")).code).toBe(2);
    expect((await admin("operators", "add", "admin")).stderr).toContain("operator_exists");
  });

  test("what is kept of an account is handed out and deleted; each act is on record", async () => {
    expect(await told("export", user!)).toMatchObject({ account_id: user, nodes: [{ id: node }] });
    const tried = await told("delete", user!, "--dry-run");
    expect(tried).toMatchObject({ deleted_at: null, keys: 1, nodes: 1 });
    expect(await admin("delete", user!)).toMatchObject({ code: 2 });
    expect(await told("delete", user!, "--yes")).toMatchObject({ deleted_at: expect.any(Number) });
    expect(await told("audit-ledger")).toEqual({ sound: true, offences: [] });
    const { events } = await told("audit", "--type", "admin", "--limit", "200");
    const acts = events.map(({ details }: { details: { event: string; refused?: string } }) =>
      [details.event, details.refused].filter(Boolean).join(" "),
    );
    expect(acts.toReversed()).toEqual([
      ...["grant", "grant", "grant idempotency_mismatch", "make_invites", "quarantine_node"],
      ...["release_node", "revoke_node", "restore_node", "revoke_node node_unknown", "rotate_keys"],
      ...["add_operator", "change_password", "change_role", "remove_operator"],
      ...["remove_operator operator_unknown", "add_operator operator_exists", "export_user"],
      ...["delete_user", "delete_user", "delete_user", "delete_user"],
    ]);
    for (const { user_id: who } of events) expect(who).toMatch(/^local:/);
    expect(await told("audit", "verify")).toMatchObject({ sound: true });
  });
});
