/** Opening and ending holds, and the credits that accounts begin with. */
import { expect, test } from "vitest";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, outcomes } from "./books.fixture.ts";

onBothDatabases("holds", (books) => {
  const parties = async (amount = 1_000) => ({
    account: await books().account(amount),
    payee: await books().account(0),
  });

  test("starter credits are granted once, however often and however fast they are asked for", async () => {
    const account = await books().account(0);
    const grants = Array.from({ length: 20 }, () => books().ledger.grant(account, books().now));
    expect(new Set(await Promise.all(grants))).toEqual(new Set(["granted"]));
    expect(await books().ledger.balance(account)).toMatchObject({
      posted: credits(1_000),
      nonTransferable: credits(1_000),
    });
  });

  test("a hold reserves its amount; the same id and body find it again, another body is refused", async () => {
    const { account, payee } = await parties(100);
    const wanted = books().newHold({ account, payee, amount: credits(60) });
    expect(await books().ledger.openHold(wanted)).toMatchObject({ outcome: "opened" });
    expect(await books().ledger.openHold(wanted)).toMatchObject({ outcome: "replayed" });
    await expect(books().ledger.openHold({ ...wanted, bodyHash: "other" })).rejects.toMatchObject({
      code: "idempotency_mismatch",
    });
    const tooMuch = books().newHold({ account, payee, amount: credits(41) });
    expect(await books().ledger.openHold(tooMuch)).toEqual({ outcome: "insufficient" });
    expect(await books().ledger.balance(account)).toMatchObject({
      posted: credits(100),
      held: credits(60),
    });
  });

  test("of 75 holds at once on a balance worth 20, exactly 20 open", async () => {
    const { account, payee } = await parties(20 * 300);
    const opened = await Promise.all(
      Array.from({ length: 75 }, () =>
        books().ledger.openHold(books().newHold({ account, payee, amount: credits(300) })),
      ),
    );
    expect(opened.filter(({ outcome }) => outcome === "opened")).toHaveLength(20);
    expect(opened.filter(({ outcome }) => outcome === "insufficient")).toHaveLength(55);
  });

  test("of 40 equal holds at once one opens and the others find it", async () => {
    const { account, payee } = await parties(1_000);
    const wanted = books().newHold({ account, payee });
    const opened = await Promise.all(
      Array.from({ length: 40 }, () => books().ledger.openHold(wanted)),
    );
    expect(opened.filter(({ outcome }) => outcome === "opened")).toHaveLength(1);
    expect(opened.filter(({ outcome }) => outcome === "replayed")).toHaveLength(39);
    expect(await books().ledger.balance(account)).toMatchObject({ held: credits(100) });
  });

  test("a hold that expired gives back the rest; a late line is paid from what the account still has", async () => {
    const { account, payee } = await parties(100);
    const hold = await books().hold({ account, payee, amount: credits(100) });
    await books().ledger.expireHolds(hold.expiresAt - 1);
    expect(await books().ledger.balance(account)).toMatchObject({ held: credits(100) });
    await books().ledger.expireHolds(hold.expiresAt);
    expect(await books().ledger.balance(account)).toMatchObject({ held: 0n });
    books().now = hold.expiresAt + 1;
    await books().hold({ account, payee, amount: credits(97) });
    expect(outcomes(await books().receive(hold, lineOf(hold, 1), lineOf(hold, 2)))).toEqual([
      ["unpaid", "3.000000"],
      ["unpaid", "0.000000"],
    ]);
  });

  test("the worker closes a hold once each of its numbers has a line; later ones are unpaid", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    await books().receive(hold, lineOf(hold, 1));
    const close = { hold: hold.id, numbers: [1, 2] };
    expect(await books().ledger.closeHold(close, "somebody else", books().now)).toMatchObject({
      code: "hold_not_found",
    });
    await books().ledger.closeHold(close, hold.node, books().now);
    expect(await books().ledger.balance(account)).toMatchObject({ held: credits(95) });
    await books().receive(hold, lineOf(hold, 2));
    expect(await books().ledger.balance(account)).toMatchObject({ held: 0n });
    expect(outcomes(await books().receive(hold, lineOf(hold, 3)))).toEqual([
      ["unpaid", "0.000000"],
    ]);
  });

  test("a close that meets its last line on the way frees the rest, whichever is first", async () => {
    const { account, payee } = await parties();
    for (let turn = 0; turn < 20; turn += 1) {
      const hold = await books().hold({ account, payee });
      await books().receive(hold, lineOf(hold, 1));
      const close = { hold: hold.id, numbers: [1, 2] };
      await Promise.all([
        books().receive(hold, lineOf(hold, 2)),
        books().ledger.closeHold(close, hold.node, books().now),
      ]);
    }
    expect(await books().ledger.balance(account)).toMatchObject({ held: 0n });
  });

  test("a number of which only the client has spoken has no line yet: a close waits for it", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    await books().acknowledge(hold, { k: 1, verdict: "refused" });
    await books().ledger.closeHold({ hold: hold.id, numbers: [1] }, hold.node, books().now);
    expect(await books().ledger.balance(account)).toMatchObject({ held: hold.amount });
    await books().receive(hold, lineOf(hold, 1));
    expect(await books().ledger.balance(account)).toMatchObject({ held: 0n });
  });

  test("a hold that nobody used is released early, one with a line is not", async () => {
    const { account, payee } = await parties();
    const unused = await books().hold({ account, payee, ticketExpiresAt: books().now });
    const used = await books().hold({ account, payee, ticketExpiresAt: books().now });
    await books().receive(used, lineOf(used, 1));
    const found = (await books().ledger.findUnusedHolds(books().now)).map(({ id }) => id);
    expect(found).toContain(unused.id);
    expect(found).not.toContain(used.id);
    await books().ledger.releaseUnused([unused.id, used.id], books().now);
    expect(await books().ledger.balance(account)).toMatchObject({ held: credits(95) });
  });
});
