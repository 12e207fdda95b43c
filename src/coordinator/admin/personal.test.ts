/** What is kept of an account: all of it handed out, and as much deleted as the books can do without. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { inviteId } from "../../protocol/invite.ts";
import { lineHash, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { beatOf, makeSigner } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { type Desk, openDesk } from "../operator/operator-desk.fixture.ts";
import { sectionNames } from "./personal-store.ts";

describe.each(["PGlite", "PostgreSQL"] as const)("on %s", { timeout: 60_000 }, (kind) => {
  const services = new AsyncDisposableStack();
  let desk: Desk;
  let databaseUrl: string | undefined;
  let [user, owner, node, linked]: Signer[] = [];
  let hold: string;
  beforeAll(async () => {
    databaseUrl = kind === "PostgreSQL" ? services.use(await createDatabase()).url : undefined;
    desk = await openDesk({ databaseUrl });
    [user, owner] = [await makeSigner(), await makeSigner()];
    node = await desk.troop.serve(owner);
    hold = await answerOne();
    linked = await link(user);
    for (const account of [user.id, owner.id]) await grant(account, memoOf(account));
  }, 60_000);
  afterAll(() => services.disposeAsync());

  const grants = new Map<string, string>();
  const memoOf = (account: string) => `for ${account.slice(0, 8)}`;
  /** Repeated, it is the same grant. */
  const grant = (account: string, memo: string, id = systemRandom.uuid()) => {
    grants.set(account, id);
    const wish = { id, account, amount: "5.000000", memo };
    return desk.ask("treasurer", "POST", "/admin/grants", wish);
  };

  /** @returns another key of the account */
  async function link(account: Signer): Promise<Signer> {
    const key = await makeSigner();
    const code = await desk.troop.statement(key, "troop-link+jwt", { account: account.id });
    await desk.troop.call(account, "POST", `/users/${account.id}/keys`, { code });
    return key;
  }

  /** One request, answered, received and acknowledged. @returns its hold */
  async function answerOne(): Promise<string> {
    const { troop } = desk;
    const tree = createSecretTree(systemRandom.bytes(32));
    const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor };
    const given = (await troop.call(user, "POST", "/authorize", wish)).body;
    const line: Line = {
      ...tree.reveal(1),
      ...{ started: 1, ended: 2, billed_ms: 10_000, first_token_ms: null, prompt_tokens: 90_000 },
      ...{ completion_tokens: 90_000, estimated: false, finish: "stop", cost: "0.500000" },
      ...someHashes,
    };
    const send = async (signer: Signer, path: string, lines: object[]) => {
      const type = path === "/receipts" ? "troop-receipt+jwt" : "troop-acknowledgement+jwt";
      const statement = await troop.statement(signer, type, { hold: given.hold, lines });
      return troop.call(undefined, "POST", path, { statements: [statement] });
    };
    await send(node!, "/receipts", [line]);
    const seen = { billed_ms: 10_000, prompt_tokens: 90_000, completion_tokens: 90_000 };
    const word = { k: 1, verdict: "ok", line_hash: lineHash(line), ...seen };
    const { body } = await send(user!, "/acknowledgements", [word]);
    expect(body.outcomes[0].lines).toMatchObject([{ outcome: "settled" }]);
    return given.hold;
  }

  const exported = async (id: string) =>
    (await desk.ask("operator", "GET", `/admin/users/${id}/export`)).body;
  const sound = async () =>
    expect((await desk.ask("viewer", "GET", "/admin/ledger/audit")).body).toEqual({
      ...{ sound: true, offences: [] },
    });

  test("the export has everything of the account, and nothing of an account that there is not", async () => {
    const data = await exported(user!.id);
    expect(Object.keys(data)).toEqual(["account_id", "exported_at", ...sectionNames]);
    expect(data).toMatchObject({
      account_id: user!.id,
      // In the order of their ids.
      accounts: [user!.id, `vesting:${user!.id}`].toSorted().map((id) => ({ id })),
      keys: expect.arrayContaining([
        expect.objectContaining({ thumbprint: user!.id, jwk: expect.anything() }),
      ]),
      ...{ nodes: [], holds: [{ id: hold }], requests: [{ hold, k: 1, state: "settled" }] },
    });
    expect(data.statements).toHaveLength(1);
    expect(data.transfers.length).toBeGreaterThanOrEqual(3);
    // Which operator granted it credits is no datum of the account's.
    expect(JSON.stringify(data)).not.toMatch(/granted_by|treasurer/);
    expect(data.audit.map(({ details }: { details: object }) => details)).toContainEqual(
      expect.objectContaining({ event: "ticket_given", hold }),
    );
    const earned = await exported(owner!.id);
    expect(earned).toMatchObject({ nodes: [{ id: node!.id }], requests: [{ hold, k: 1 }] });
    expect(earned.holds).toMatchObject([{ id: hold, model: "a-model:1b" }]);
    expect(earned.transfers).toContainEqual(expect.objectContaining({ hold, leg: "pay" }));
    // Who asked is a pseudonym to the node, and stays one.
    const text = JSON.stringify(earned);
    for (const known of [user!.id, data.holds[0].anchor, data.requests[0].acknowledgement])
      expect(text).not.toContain(known);
    expect((await exported((await makeSigner()).id)).error.code).toBe("account_unknown");
  });

  test("deleted, the account is nobody's; the books are sound, and the other side keeps what it earned", async () => {
    await sound();
    const erase = (body: object) =>
      desk.ask("administrator", "POST", `/admin/users/${user!.id}/delete`, body);
    const tried = await erase({ dry_run: true });
    expect(tried.body).toMatchObject({ deleted_at: null, keys: 2, nodes: 0, memos: 1 });
    expect((await desk.troop.call(user, "GET", `/users/${user!.id}/balance`)).status).toBe(200);

    const now = desk.troop.clock.now();
    expect((await erase({})).body).toEqual({ ...tried.body, deleted_at: now });
    desk.troop.clock.advance(1_000);
    expect((await erase({})).body).toMatchObject({ deleted_at: now, keys: 0, memos: 0 });
    await sound();

    const left = await exported(user!.id);
    expect(left.keys.map(({ jwk }: { jwk: object | null }) => jwk)).toEqual([null, null]);
    expect(left).toMatchObject({
      requests: [{ hold, state: "settled" }],
    });
    const memos = left.transfers.map(({ memo }: { memo: string | null }) => memo);
    expect(memos.filter((memo: string | null) => memo?.startsWith("for"))).toEqual([]);
    for (const key of [user, linked]) {
      const join = await desk.troop.call(key, "POST", "/users", {});
      expect(join.body.error.code).toBe("invalid_proof");
    }
    // Sent again because its answer was lost, with a memo that nobody has any more.
    const again = await grant(user!.id, memoOf(user!.id), grants.get(user!.id));
    expect(again.body).toMatchObject({ repeated: true });
    const restored = await desk.ask("operator", "POST", `/admin/users/${user!.id}/restore`);
    expect(restored.body.error.code).toBe("account_unknown");
    expect((await grant(user!.id, "too late")).body.error.code).toBe("account_unknown");
    const other = await desk.troop.call(owner, "GET", `/users/${owner!.id}/transactions`);
    expect(other.body.transactions).toContainEqual(
      expect.objectContaining({ description: memoOf(owner!.id) }),
    );
  });

  test("an owner's nodes end with the account, and the keys of neither are kept", async () => {
    const { code } = (
      await desk.ask("operator", "POST", "/admin/invites", {
        ...{ count: 1, for_ms: 60_000 },
      })
    ).body.codes.map((text: string) => ({ code: inviteId(text) }))[0];
    await desk.ask("administrator", "POST", `/admin/users/${owner!.id}/delete`, {});
    const beat = await desk.troop.call(node, "POST", "/heartbeat", beatOf({ counter: 9 }));
    expect(beat.body.error.code).toBe("node_revoked");
    expect((await exported(owner!.id)).nodes).toMatchObject([{ id: node!.id, jwk: null }]);
    const again = await desk.ask("operator", "POST", `/admin/nodes/${node!.id}/restore`);
    expect(again.body.error.code).toBe("node_unknown");
    // Somebody else's invitation stays.
    const { body } = await desk.ask("viewer", "GET", "/admin/invites");
    expect(body.invites).toMatchObject([{ id: code, used_at: null }]);
    await sound();
  });

  test("of a transfer nothing but its memo can be forgotten, and only by the function for it", async () => {
    if (!databaseUrl) return;
    const config = { url: databaseUrl, folder: undefined, poolSize: 1 };
    const database = await openDatabase(config, createLog("silent"));
    services.defer(() => database.destroy());
    for (const statement of [
      "update transfer set amount = amount + 1",
      "update transfer set memo = 'another'",
      "update transfer set memo = null, created_ms = 0",
      "update transfer set memo = null, granted_by = 'another'",
      "delete from transfer",
      "truncate transfer cascade",
    ])
      await expect(sql.raw(statement).execute(database)).rejects.toMatchObject({ code: "23001" });
    await sound();
  });
});
