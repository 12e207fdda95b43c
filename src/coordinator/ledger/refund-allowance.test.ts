/** What may be given back never exceeds the share of what was really paid for among the requester's latest requests. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, seen } from "./books.fixture.ts";
import { mayGiveBack } from "./refund-allowance.ts";

const paid = (count: number, each: number, fields: { isBack?: boolean } = {}) =>
  Array.from({ length: count }, (_, index) => ({
    name: `${each} ${index} ${fields.isBack}`,
    paid: credits(each),
    isBack: false,
    ...fields,
  }));

test.each([
  ["the first request", [], 0.000_001, false],
  ["one like the only other", paid(1, 0.5), 0.5, true],
  ["one dearer than the only other", paid(1, 0.5), 0.500_001, false],
  ["a credit, where the others cost more", paid(9, 3), 1, true],
  ["more than a credit, where they are few", paid(9, 3), 1.000_001, false],
  ["2 % of fifty", paid(50, 3), 3, true],
  ["more than 2 % of fifty", paid(50, 3), 3.000_001, false],
  ["a credit after fifty for next to nothing", paid(50, 0.000_001), 1, false],
  ["a second of fifty", [...paid(1, 3, { isBack: true }), ...paid(49, 3)], 0.000_001, false],
  ["a second after fifty others", [...paid(50, 3), ...paid(1, 3, { isBack: true })], 3, true],
])("%s: %#", (_what, recent, amount, isGivenBack) => {
  expect(mayGiveBack(recent, "asked", credits(amount))).toBe(isGivenBack);
  const withItself = [{ name: "asked", paid: credits(amount), isBack: false }, ...recent];
  expect(mayGiveBack(withItself, "asked", credits(amount))).toBe(isGivenBack);
});

test("whoever asks for every request back gets one in fifty, and no more than those fifty cost on average", () => {
  const cost = fc.bigInt({ min: 1n, max: 5_000_000n });
  fc.assert(
    fc.property(fc.array(cost, { minLength: 51, maxLength: 160 }), (costs) => {
      const latest: { name: string; paid: bigint; isBack: boolean }[] = [];
      for (const [index, amount] of costs.entries()) {
        const request = { name: String(index), paid: amount, isBack: false };
        request.isBack = mayGiveBack(latest, request.name, amount);
        latest.unshift(request);
        const last = latest.slice(0, 51);
        const back = last.filter(({ isBack }) => isBack);
        expect(back.length).toBeLessThanOrEqual(1 + (last.length > 50 ? 1 : 0));
        const kept = last.filter(({ isBack }) => !isBack);
        const total = kept.reduce((sum, other) => sum + other.paid, 0n);
        if (request.isBack) expect(amount * BigInt(kept.length)).toBeLessThanOrEqual(total);
      }
    }),
    { numRuns: 100 },
  );
});

onBothDatabases("credits given back", (books) => {
  test("count from when they were: old requests whose day is over share one allowance", async () => {
    const { ledger } = books();
    const [account, payee] = [await books().account(), await books().account(0)];
    const hold = await books().hold({ account, payee });
    const line = (k: number) => lineOf(hold, k, { billed_ms: 1_000 });
    const received = books().now;
    const other = await books().hold({ account, payee });
    for (const [of, k] of [
      [hold, 1],
      [hold, 2],
      [hold, 3],
      [other, 4],
    ] as const) {
      await books().receive(of, line(k));
      await books().acknowledge(of, { k, verdict: "not_received" });
    }
    // The second was like the first. Three wait; all will be older than the fifty that come now.
    expect(await books().posted(account)).toBe(credits(996 + 1));
    for (let k = 11; k < 63; k += 1) {
      books().now += 1;
      await books().receive(hold, line(k));
      await books().acknowledge(hold, seen(line(k)));
    }
    books().now = received + 24 * 60 * 60_000;
    await ledger.vest(books().now);
    expect(await books().posted(account)).toBe(credits(996 - 52 + 2));
  });
});
