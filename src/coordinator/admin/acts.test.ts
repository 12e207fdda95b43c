/** What operators' acts do, and to whom: grants once, quarantine until it is over, cutting off without any loss. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import type { Signer } from "../../protocol/signature.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { beatOf, makeSigner } from "../coordinator.fixture.ts";
import { type Desk, openDesk } from "../operator/operator-desk.fixture.ts";

describe.each(["PGlite", "PostgreSQL"] as const)("on %s", { timeout: 60_000 }, (kind) => {
  const services = new AsyncDisposableStack();
  let desk: Desk;
  let [user, owner, node]: Signer[] = [];
  beforeAll(async () => {
    const url = kind === "PostgreSQL" ? services.use(await createDatabase()).url : undefined;
    desk = await openDesk({ databaseUrl: url });
    [user, owner] = [await makeSigner(), await makeSigner()];
    node = await desk.troop.serve(owner);
    // It brings the starter credits.
    await wish();
  }, 60_000);
  afterAll(() => services.disposeAsync());

  const { anchor } = createSecretTree(systemRandom.bytes(32));
  const wish = () =>
    desk.troop.call(user, "POST", "/authorize", {
      ...{ id: systemRandom.uuid(), model: "a-model:1b", anchor },
    });
  let counter = 1;
  const beat = () =>
    desk.troop.call(node, "POST", "/heartbeat", beatOf({ counter: (counter += 1) }));
  const sound = async () => {
    const { body } = await desk.ask("viewer", "GET", "/admin/ledger/audit");
    expect(body).toEqual({ sound: true, offences: [] });
  };
  const codeOf = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
    body.error?.code ?? status;

  test("a grant is minted once, however often it is repeated and by whom", async () => {
    const grant = {
      ...{ id: systemRandom.uuid(), account: user!.id, amount: "50.500000", memo: "thank you" },
    };
    const calls = Array.from({ length: 6 }, (_, number) =>
      desk.ask(number % 2 ? "treasurer" : "administrator", "POST", "/admin/grants", grant),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    expect(answers.filter(({ body }) => !body.repeated)).toHaveLength(1);
    const { body } = await desk.ask("viewer", "GET", `/admin/users/${user!.id}`);
    expect(body).toMatchObject({ balance: "1050.500000", non_transferable: "1000.000000" });
    expect(body.grants).toHaveLength(1);
    const other = { ...grant, amount: "51.000000" };
    expect(codeOf(await desk.ask("treasurer", "POST", "/admin/grants", other))).toBe(
      "idempotency_mismatch",
    );
    const history = await desk.troop.call(
      user,
      "GET",
      `/users/${user!.id}/transactions?kind=grant`,
    );
    expect(history.body.transactions).toContainEqual(
      expect.objectContaining({ amount: "50.500000", description: "thank you" }),
    );
    await sound();
  });

  test("who granted it and what for is in the books, for operators only", async () => {
    const grant = {
      ...{ id: systemRandom.uuid(), account: owner!.id, amount: "2.000000", memo: "a fan" },
    };
    const first = (await desk.ask("treasurer", "POST", "/admin/grants", grant)).body;
    expect(first).toMatchObject({ granted_by: "treasurer", repeated: false });
    const again = (await desk.ask("administrator", "POST", "/admin/grants", grant)).body;
    expect(again).toEqual({ ...first, repeated: true });
    const { grants } = (await desk.ask("viewer", "GET", `/admin/users/${owner!.id}`)).body;
    const { id: _, repeated: __, ...made } = first;
    expect(grants).toEqual([{ ...made, id: expect.any(String) }]);
    const books = (await desk.ask("viewer", "GET", "/admin/ledger")).body;
    expect(books.grants).toHaveLength(2);
    expect(books.grants).toContainEqual(grants[0]);
    const path = `/users/${owner!.id}/transactions?kind=grant`;
    const history = (await desk.troop.call(owner, "GET", path)).body;
    expect(history.transactions).toMatchObject([{ id: grants[0].id, description: "a fan" }]);
    expect(JSON.stringify(history)).not.toMatch(/granted_by|treasurer/);
  });

  test("all treasurers together grant no more in a day than the faucet gives", async () => {
    const grant = (amount: string) =>
      desk.ask("treasurer", "POST", "/admin/grants", {
        ...{ id: systemRandom.uuid(), account: user!.id, amount, memo: "more" },
      });
    expect(codeOf(await grant("100000.000000"))).toBe("grant_limit");
    expect(codeOf(await grant("0.000000"))).toBe("invalid_value");
    const stranger = await makeSigner();
    const unknown = {
      id: systemRandom.uuid(),
      account: stranger.id,
      amount: "1.000000",
      memo: "m",
    };
    expect(codeOf(await desk.ask("treasurer", "POST", "/admin/grants", unknown))).toBe(
      "account_unknown",
    );
    const two = await Promise.all([grant("60000.000000"), grant("60000.000000")]);
    expect(new Set(two.map(codeOf))).toEqual(new Set([200, "grant_limit"]));
    desk.troop.clock.advance(24 * 60 * 60_000 + 1);
    expect(codeOf(await grant("60000.000000"))).toBe(200);
    await sound();
    await beat();
  });

  test("a node in quarantine is offered to nobody, until it is over or released", async () => {
    const path = `/admin/nodes/${node!.id}`;
    expect((await wish()).status).toBe(200);
    const kept = await desk.ask("operator", "POST", `${path}/quarantine`, { for_ms: 60_000 });
    expect(kept.body.quarantined_until).toBe(desk.troop.clock.now() + 60_000);
    await beat();
    expect(codeOf(await wish())).toBe("model_not_found");
    expect((await desk.ask("operator", "POST", `${path}/release`)).body.quarantined_until).toBe(
      null,
    );
    await beat();
    expect((await wish()).status).toBe(200);
    await desk.ask("operator", "POST", `${path}/quarantine`, { for_ms: 20_000 });
    await beat();
    desk.troop.clock.advance(21_000);
    await beat();
    expect((await wish()).status).toBe(200);
  });

  test("a node that is cut off is heard no more, and comes back only when it is let in", async () => {
    const revoked = await desk.ask("operator", "POST", `/admin/nodes/${node!.id}/revoke`);
    expect(revoked.body).toMatchObject({ kind: "node", revoked: true });
    expect(revoked.body.open_tickets).toBeGreaterThan(0);
    expect(revoked.body.tickets_end_at).toBeGreaterThan(desk.troop.clock.now());
    expect(codeOf(await beat())).toBe("node_revoked");
    // Its lease had twenty seconds left.
    expect(codeOf(await wish())).toBe("model_not_found");
    expect(codeOf(await desk.troop.enrol(node!, owner!))).toBe("node_revoked");
    await desk.ask("operator", "POST", `/admin/nodes/${node!.id}/restore`);
    expect((await beat()).status).toBe(200);
  });

  test("an account that is cut off calls nobody, its nodes neither, and loses nothing", async () => {
    const balance = () => desk.troop.call(owner, "GET", `/users/${owner!.id}/balance`);
    const before = (await desk.ask("viewer", "GET", `/admin/users/${owner!.id}`)).body;
    await desk.ask("operator", "POST", `/admin/users/${owner!.id}/revoke`);
    expect(codeOf(await balance())).toBe("account_revoked");
    expect(codeOf(await beat())).toBe("node_revoked");
    await desk.ask("operator", "POST", `/admin/users/${owner!.id}/restore`);
    expect((await desk.ask("viewer", "GET", `/admin/users/${owner!.id}`)).body).toMatchObject({
      ...{ balance: before.balance, revoked_at: null },
    });
    expect((await beat()).status).toBe(200);
    const key = await desk.ask("operator", "POST", `/admin/account-keys/${owner!.id}/revoke`);
    expect(key.body).toMatchObject({ kind: "key", revoked: true });
    expect(codeOf(await balance())).toBe("invalid_proof");
    await sound();
  });

  test("lists go on where the last page ended, and name each once", async () => {
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await desk.ask("viewer", "GET", `/admin/users?limit=1${cursor}`);
      seen.push(...page.body.users.map(({ account_id: id }: { account_id: string }) => id));
      cursor = page.body.next_cursor ? `&cursor=${page.body.next_cursor}` : "";
    } while (cursor);
    expect(seen.toSorted()).toEqual([user!.id, owner!.id].toSorted());
    expect(codeOf(await desk.ask("viewer", "GET", "/admin/users?cursor=7"))).toBe("invalid_value");
  });
});
