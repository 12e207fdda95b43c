/** The table of `docs/ledger.md`, "How a request is settled": a test for each row. */
import { describe, expect, test } from "vitest";
import { formatCredits } from "../../protocol/credits.ts";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, outcomes, seen, type Books, type TestHold } from "./books.fixture.ts";

const day = 24 * 60 * 60_000;

onBothDatabases("the table", (books) => {
  const parties = async () => ({
    account: await books().account(),
    payee: await books().account(0),
  });
  const open = async (fields: Partial<TestHold> = {}) =>
    books().hold({ ...(await parties()), ...fields });
  const balances = async ({ account, payee }: { account: string; payee: string }) => ({
    requester: formatCredits(await books().posted(account)),
    provider: formatCredits(await books().posted(payee)),
    vesting: formatCredits((await books().ledger.balance(payee))!.vesting),
  });
  const before = { requester: "1000.000000", provider: "0.000000", vesting: "0.000000" };
  const paid = { requester: "995.000000", provider: "5.000000", vesting: "0.000000" };
  const vesting = { ...paid, provider: "0.000000", vesting: "5.000000" };
  const marks = async (hold: TestHold) => [
    (await books().ledger.marks(hold.account)).asRequester.marked,
    (await books().ledger.marks(hold.payee)).asProvider.marked,
  ];

  describe("receipt and `ok` with that line's hash", () => {
    test("settled at once, whichever came first", async () => {
      for (const isReceiptFirst of [true, false]) {
        const hold = await open();
        const line = lineOf(hold, 1);
        const steps = [
          () => books().receive(hold, line),
          () => books().acknowledge(hold, seen(line)),
        ];
        for (const step of isReceiptFirst ? steps : steps.toReversed()) await step();
        expect(await balances(hold)).toEqual(paid);
        expect(await marks(hold)).toEqual([0, 0]);
      }
    });

    test("the first verdict moves money, a later one is a mark on both sides, and the first such stands", async () => {
      const hold = await open();
      const line = lineOf(hold, 1);
      await books().receive(hold, line);
      await books().acknowledge(hold, seen(line));
      for (const verdict of ["refused", "not_received"] as const)
        expect(outcomes(await books().acknowledge(hold, { k: 1, verdict }))).toEqual([
          ["replayed", "5.000000"],
        ]);
      await books().acknowledge(hold, seen(line));
      expect(await balances(hold)).toEqual(paid);
      expect(await marks(hold)).toEqual([1, 1]);
      const [entry] = await books().ledger.history(hold.account, undefined, 1, "request");
      expect(entry).toMatchObject({ verdict: "ok", disputed: "refused" });
    });
  });

  test("receipt only: it vests, and is settled 24 h after it was accepted, down time not counted", async () => {
    const hold = await open();
    await books().receive(hold, lineOf(hold, 1));
    await books().ledger.postponeVesting(books().now, books().now + 1_000);
    await books().ledger.vest(books().now + day + 999);
    expect(await balances(hold)).toEqual(vesting);
    await books().ledger.vest(books().now + day + 1_000);
    expect(await balances(hold)).toEqual(paid);
  });

  describe("receipt and `differs`, another hash, or figures beyond the bounds", () => {
    test("within 5 % the worker's figures stand", async () => {
      const hold = await open();
      const line = lineOf(hold, 1);
      await books().receive(hold, line);
      await books().acknowledge(hold, seen(line, { verdict: "differs", billed_ms: 4_750 }));
      expect(await balances(hold)).toEqual(paid);
      expect(await marks(hold)).toEqual([1, 1]);
    });

    test("beyond, the lower is paid, the difference is the commons', and both get a mark", async () => {
      for (const isOk of [true, false]) {
        const hold = await open();
        const line = lineOf(hold, 1);
        await books().receive(hold, line);
        const word = isOk
          ? seen(line, { billed_ms: 4_000 })
          : seen(line, { verdict: "differs", billed_ms: 4_000 });
        await books().acknowledge(hold, word);
        expect(await balances(hold)).toEqual({ ...paid, provider: "4.000000" });
        expect(await marks(hold)).toEqual([1, 1]);
      }
    });

    test("`ok` to another line than the one that came is a mark, and pays what both agree on", async () => {
      const hold = await open();
      await books().receive(hold, lineOf(hold, 1));
      await books().acknowledge(hold, seen(lineOf(hold, 1, { billed_ms: 1_000 })));
      expect(await balances(hold)).toEqual({ ...paid, provider: "3.000000" });
      expect(await marks(hold)).toEqual([1, 1]);
    });

    test("marks say how many others one disagreed with", async () => {
      const account = await books().account();
      for (const payee of [await books().account(0), await books().account(0)]) {
        const hold = await open({ account, payee });
        for (const k of [1, 2]) await books().receive(hold, lineOf(hold, k, { billed_ms: 1_000 }));
        for (const k of [1, 2]) await books().acknowledge(hold, { k, verdict: "refused" });
      }
      const { asRequester } = await books().ledger.marks(account);
      expect(asRequester).toEqual({ requests: 4, marked: 4, counterparties: 2 });
    });
  });

  describe.each(["not_received", "refused"] as const)("receipt and `%s`", (verdict) => {
    /** Uses up what the account may get back. */
    const useAllowance = async (account: string) => {
      const hold = await open({ account, payee: await books().account(0) });
      const [kept, lost] = [1, 2].map((k) => lineOf(hold, k, { billed_ms: 1_000 }));
      await books().receive(hold, kept!, lost!);
      await books().acknowledge(hold, seen(kept!), { k: 2, verdict });
      expect(await books().posted(account)).toBe(credits(999));
    };
    const retry = async (books: Books, first: TestHold, fields: Partial<TestHold> = {}) => {
      const { account } = first;
      const hold = await books.hold({ account, payee: await books.account(0), ...fields });
      const line = lineOf(hold, 1, { billed_ms: 2_000 });
      await books.receive(hold, line);
      await books.acknowledge(hold, seen(line, { retry_of: `${first.id}.1` }));
    };

    test("given back within the allowance where its retry settled `ok` elsewhere, and both get a mark", async () => {
      const hold = await open();
      await retry(books(), hold);
      await books().receive(hold, lineOf(hold, 1, { billed_ms: 1_000 }));
      await books().acknowledge(hold, { k: 1, verdict });
      expect(await balances(hold)).toEqual({ ...before, requester: "998.000000" });
      expect((await marks(hold))[1]).toBe(1);
    });

    test("one such as the others were is given back, up to a credit; beyond, after a day, to the commons", async () => {
      const hold = await open();
      await useAllowance(hold.account);
      await books().receive(hold, lineOf(hold, 1));
      await books().acknowledge(hold, { k: 1, verdict });
      expect(await balances(hold)).toEqual({ ...vesting, requester: "994.000000" });
      await books().ledger.vest(books().now + day);
      expect(await balances(hold)).toEqual({
        ...paid,
        ...{ requester: "994.000000", provider: "0.000000" },
      });
      // What is decided stays decided.
      await retry(books(), hold);
      await books().ledger.vest(books().now + 2 * day);
      expect((await balances(hold)).requester).toBe("992.000000");
    });

    test("what was given back after a retry is counted like any other", async () => {
      const hold = await open();
      await retry(books(), hold);
      await books().receive(hold, lineOf(hold, 1, { billed_ms: 1_000 }));
      await books().acknowledge(hold, { k: 1, verdict });
      const other = await open({ account: hold.account });
      await books().receive(other, lineOf(other, 1, { billed_ms: 1_000 }));
      await books().acknowledge(other, { k: 1, verdict });
      expect((await balances(other)).requester).toBe("997.000000");
    });

    test.each([
      "at another owner's node",
      "at one's own node",
      "at the same owner's",
      "not paid for",
    ])("a retry %s gives nothing back beyond the allowance", async (where) => {
      const hold = await open();
      await useAllowance(hold.account);
      const fields =
        where === "at one's own node"
          ? { payee: hold.account, amount: 0n }
          : where === "at the same owner's"
            ? { payee: hold.payee }
            : where === "not paid for"
              ? { amount: 0n }
              : {};
      await retry(books(), hold, fields);
      const sofar = await books().posted(hold.account);
      await books().receive(hold, lineOf(hold, 1));
      await books().acknowledge(hold, { k: 1, verdict });
      await books().ledger.vest(books().now + day);
      expect(await books().posted(hold.account)).toBe(sofar - credits(5));
    });
  });
});
