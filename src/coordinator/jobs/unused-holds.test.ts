/** Holds that cannot be released hide nobody behind them, however many they are. */
import { expect, test } from "vitest";
import { onBothDatabases } from "../ledger/both-databases.fixture.ts";
import { credits } from "../ledger/books.fixture.ts";
import { createUnusedHolds } from "./unused-holds.ts";

/** More than one page of them. */
const stuck = 210;

onBothDatabases("tickets that nobody used", (books) => {
  test("are given back, though more than a page of others belong to a node that is away", async () => {
    const payee = await books().account(0);
    const ticketExpiresAt = books().now;
    const [absent, present] = [await books().account(3_000), await books().account()];
    const amount = credits(1);
    for (let count = 0; count < stuck; count += 1)
      await books().hold({ account: absent, payee, node: "away", amount, ticketExpiresAt });
    const later = { amount, ticketExpiresAt: ticketExpiresAt + 1 };
    const running = await books().hold({ account: present, payee, node: "here", ...later });
    await books().hold({ account: present, payee, node: "here", ...later });

    let isAway = true;
    const runningHolds = async (node: string) =>
      node === "here"
        ? new Set(isAway ? [running.id] : [])
        : isAway
          ? undefined
          : new Set<string>();
    const releaseFrom = createUnusedHolds({ ledger: books().ledger, registry: { runningHolds } });
    const release = (at: number) => releaseFrom(at, (_hold, error) => expect.fail(String(error)));
    const held = async () =>
      Promise.all([absent, present].map(async (id) => (await books().ledger.balance(id))!.held));
    const now = books().now + 60_001;
    await release(now - 2);
    expect(await held()).toEqual([credits(stuck), credits(2)]);
    await release(now);
    expect(await held()).toEqual([credits(stuck), credits(1)]);
    // The next round begins anew: nobody is passed over for ever.
    isAway = false;
    await release(now);
    expect(await held()).toEqual([0n, 0n]);
  });
});
