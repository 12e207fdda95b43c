/** Gifts: what may be given, by whom, and once. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { limits } from "../../protocol/limits.ts";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, seen, type Books } from "./books.fixture.ts";
import { giftRefusal, sameGift, type Gift } from "./gift-rules.ts";

const day = 24 * 60 * 60_000;
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => "given",
    (error: { code?: string }) => error.code ?? "a fault",
  );
const giftOf = (from: string, to: string, amount: number, fields: Partial<Gift> = {}): Gift => ({
  id: systemRandom.uuid(),
  from,
  to,
  amount: credits(amount),
  memo: null,
  ...fields,
});

/** An account that `others` accounts have paid five credits each, beside its starter credits. */
async function earner(books: Books, others = 10, starter = 0): Promise<string> {
  const payee = await books.account(starter);
  for (let count = 0; count < others; count += 1) {
    const hold = await books.hold({ account: await books.account(), payee });
    const line = lineOf(hold, 1);
    await books.receive(hold, line);
    await books.acknowledge(hold, seen(line));
  }
  return payee;
}

onBothDatabases("gifts", (books) => {
  const give = (gift: Gift, at = books().now) => books().ledger.gift(gift, at);

  test("what was earned can be given, with a memo, and both histories show it", async () => {
    const giver = await earner(books());
    const friend = await books().account(0);
    await give(giftOf(giver, friend, 20, { memo: "for the llama" }));
    expect(await books().posted(giver)).toBe(credits(30));
    expect(await books().posted(friend)).toBe(credits(20));
    const [entry] = await books().ledger.history(friend, undefined, 1);
    expect(entry).toMatchObject({ kind: "gift", debit: giver, memo: "for the llama" });
    expect(await books().ledger.balance(friend)).toMatchObject({ nonTransferable: 0n });
  });

  test("starter credits cannot be given, nor what a ticket holds", async () => {
    const giver = await earner(books(), 10, 100);
    const friend = await books().account(0);
    expect(await codeOf(give(giftOf(giver, friend, 50.000001)))).toBe("not_transferable");
    expect(await codeOf(give(giftOf(giver, friend, 150.000001)))).toBe("insufficient_credits");
    await books().hold({ account: giver, payee: friend, amount: credits(20) });
    expect(await codeOf(give(giftOf(giver, friend, 30.000001)))).toBe("not_transferable");
    expect(await codeOf(give(giftOf(giver, friend, 30)))).toBe("given");
    expect(await books().posted(giver)).toBe(credits(120));
  });

  test("an account that has dealt with nine others cannot give, with ten it can", async () => {
    const friend = await books().account(0);
    expect(await codeOf(give(giftOf(await earner(books(), 9), friend, 1)))).toBe(
      "not_transferable",
    );
    expect(await codeOf(give(giftOf(await earner(books(), 10), friend, 1)))).toBe("given");
  });

  test("neither to oneself nor to an account that does not exist", async () => {
    const giver = await earner(books());
    expect(await codeOf(give(giftOf(giver, giver, 1)))).toBe("same_account");
    expect(await codeOf(give(giftOf(giver, "nobody", 1)))).toBe("account_unknown");
    expect(await codeOf(give(giftOf(giver, "commons", 1)))).toBe("account_unknown");
    expect(await books().posted(giver)).toBe(credits(50));
  });

  test("the same id gives once and gets the first answer; for another gift it is refused", async () => {
    const [giver, another] = [await earner(books()), await earner(books())];
    const friend = await books().account(0);
    const gift = giftOf(giver, friend, 5);
    const first = await give(gift);
    expect(await give(gift, books().now + day)).toEqual(first);
    for (const other of [
      { ...gift, amount: credits(6) },
      { ...gift, memo: "more" },
      { ...gift, to: another },
    ])
      expect(await codeOf(give(other))).toBe("idempotency_mismatch");
    expect(await codeOf(give({ ...gift, from: another }))).toBe("given");
    expect(await books().posted(friend)).toBe(credits(10));
  });

  test("of fifty equal gifts at once one is given, and all get the same answer", async () => {
    const giver = await earner(books());
    const friend = await books().account(0);
    const gift = giftOf(giver, friend, 50);
    const answers = await Promise.all(Array.from({ length: 50 }, () => give(gift)));
    expect(new Set(answers.map(({ at }) => at)).size).toBe(1);
    expect(await books().posted(friend)).toBe(credits(50));
  });

  test("of forty different gifts at once as many are given as what was earned covers", async () => {
    const giver = await earner(books(), 10, 100);
    const friend = await books().account(0);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => codeOf(give(giftOf(giver, friend, 4)))),
    );
    expect(answers.filter((answer) => answer === "given")).toHaveLength(12);
    expect(await books().posted(giver)).toBe(credits(102));
  });

  test("gifts in a circle, all at once, end, and the sum stays", async () => {
    const ring = [await earner(books()), await earner(books()), await earner(books())];
    const gifts = Array.from({ length: 30 }, (_, index) =>
      giftOf(ring[index % 3]!, ring[(index + 1) % 3]!, 3),
    );
    expect(new Set(await Promise.all(gifts.map((gift) => codeOf(give(gift)))))).toEqual(
      new Set(["given"]),
    );
    const posted = await Promise.all(ring.map((account) => books().posted(account)));
    expect(posted).toEqual([credits(50), credits(50), credits(50)]);
  });

  test("within a day no more than the cap is given away; the next day it can go on", async () => {
    const giver = await earner(books());
    const friend = await books().account(0);
    const rich = await books().hold({
      account: await books().account(30_000),
      payee: giver,
      amount: credits(30_000),
    });
    const line = lineOf(rich, 1, { billed_ms: 30_000_000 });
    await books().receive(rich, line);
    await books().acknowledge(rich, seen(line, { prompt_tokens: 10 ** 6 }));
    expect(await codeOf(give(giftOf(giver, friend, limits.giftDailyCredits)))).toBe("given");
    expect(await codeOf(give(giftOf(giver, friend, 0.000001)))).toBe("not_transferable");
    const later = books().now + day;
    expect(await codeOf(give(giftOf(giver, friend, 1), later))).toBe("given");
  });
});

test("whoever gives keeps starter and held credits whole, and stays within the day's cap", () => {
  const amount = fc.bigInt({ min: 0n, max: credits(20_000) });
  fc.assert(
    fc.property(
      fc.record({
        available: amount,
        nonTransferable: amount,
        counterparties: fc.integer({ min: 0, max: 10 }),
        givenToday: amount,
      }),
      amount,
      (giver, gift) => {
        const isAllowed = giftRefusal(giver, gift) === undefined;
        const isSound =
          giver.available - gift >= giver.nonTransferable &&
          giver.givenToday + gift <= credits(limits.giftDailyCredits) &&
          giver.counterparties >= limits.giftCounterparties;
        // A gift of nothing by somebody with less than their starter credits is nothing to refuse or allow.
        if (giver.available >= giver.nonTransferable || gift > 0n)
          expect(isAllowed).toBe(isSound && gift <= giver.available);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a gift whose memo went with who got it is still the same gift, and no other one is", () => {
  const gift = giftOf("giver", "friend", 5, { memo: "for you" });
  const stored = { to: gift.to, amount: gift.amount, memo: null, at: 1 };
  expect(sameGift(stored, gift, true)).toBe(stored);
  const other = { ...gift, amount: credits(6) };
  for (const [given, again, isForgotten] of [
    [stored, gift, false],
    [stored, other, true],
    [{ ...stored, memo: "for another" }, gift, true],
  ] as const)
    expect(() => sameGift(given, again, isForgotten)).toThrow(/id/);
});
