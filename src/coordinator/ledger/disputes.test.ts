/** What happens where the two sides disagree. */
import { expect, test } from "vitest";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, outcomes, seen } from "./books.fixture.ts";

onBothDatabases("disputes", (books) => {
  const parties = async (amount = 1_000) => ({
    account: await books().account(amount),
    payee: await books().account(0),
  });

  test.each(["receipt first", "acknowledgement first"])(
    "figures that differ by less than 5 % leave the worker's standing, beyond that the lower is paid: %s",
    async (order) => {
      const { account, payee } = await parties();
      const hold = await books().hold({ account, payee });
      const lines = [lineOf(hold, 1), lineOf(hold, 2)] as const;
      const words = [
        seen(lines[0], { verdict: "differs", billed_ms: 4_800 }),
        seen(lines[1], { verdict: "differs", billed_ms: 4_000 }),
      ];
      if (order === "receipt first") await books().receive(hold, ...lines);
      const answer = await books().acknowledge(hold, ...words);
      if (order !== "receipt first") await books().receive(hold, ...lines);
      expect(answer.status).toBe("accepted");
      expect(await books().posted(account)).toBe(credits(990));
      // The difference of the second is the commons': neither gains by lying.
      expect(await books().posted(payee)).toBe(credits(5 + 4));
    },
  );

  test.each(["receipt first", "acknowledgement first"])(
    "an answer that never came is given back once; the next of the same kind goes to the commons after a day: %s",
    async (order) => {
      const { account, payee } = await parties();
      const hold = await books().hold({ account, payee });
      const kept = lineOf(hold, 3, { billed_ms: 1_000 });
      await books().receive(hold, kept);
      await books().acknowledge(hold, seen(kept));
      for (const k of [1, 2]) {
        const line = lineOf(hold, k, { billed_ms: 1_000 });
        if (order === "receipt first") await books().receive(hold, line);
        await books().acknowledge(hold, { k, verdict: "not_received" });
        if (order !== "receipt first")
          expect(outcomes(await books().receive(hold, line))).toEqual([
            k === 1 ? ["unpaid", "0.000000"] : ["vesting", "1.000000"],
          ]);
      }
      expect(await books().ledger.balance(payee)).toMatchObject({ vesting: credits(1) });
      await books().ledger.vest(books().now + 24 * 60 * 60_000);
      expect(await books().ledger.balance(payee)).toMatchObject({
        posted: credits(1),
        vesting: 0n,
      });
      expect(await books().ledger.balance(account)).toMatchObject({
        posted: credits(998),
        nonTransferable: credits(998),
      });
    },
  );

  test("paid retries give nothing back, and cheap ones raise no allowance: their provider may be the requester", async () => {
    const { account, payee } = await parties();
    const accomplice = await books().account(0);
    const first = await books().hold({ account, payee });
    const retry = await books().hold({ account, payee: accomplice });
    for (const k of [1, 2, 3]) {
      const lost = lineOf(first, k, { billed_ms: 1_000 });
      const served = lineOf(retry, k, { billed_ms: 1 });
      await books().receive(retry, served);
      await books().acknowledge(retry, seen(served, { retry_of: `${first.id}.${k}` }));
      await books().receive(first, lost);
      await books().acknowledge(first, { k, verdict: "not_received" });
    }
    await books().ledger.vest(books().now + 24 * 60 * 60_000);
    expect(await books().posted(payee)).toBe(0n);
    expect(await books().posted(accomplice)).toBe(3_000n);
    // What the three took is the commons': the others cost a thousandth of them.
    expect(await books().posted(account)).toBe(credits(997) - 3_000n);
  });
});
