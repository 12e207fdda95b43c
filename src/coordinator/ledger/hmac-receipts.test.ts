/** Receipts by shared key: what they pay, and all they cannot do. */
import { expect, test } from "vitest";
import { digestOf } from "../../protocol/bytes.ts";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, outcomes, seen, type TestHold } from "./books.fixture.ts";
import { hmacCost, type HmacReceipt } from "./hmac-receipt.ts";

const day = 24 * 60 * 60_000;
const receiptOf = (hold: TestHold, fields: Partial<HmacReceipt> = {}): HmacReceipt => ({
  hold: hold.id,
  node: hold.node,
  seconds: 5,
  proof: hold.tree.reveal(3),
  ...fields,
});
let statements = 0;
const statementOf = (signer: string) => {
  const jws = JSON.stringify({ number: (statements += 1) });
  return { id: digestOf(jws), signer, jws };
};
const refused = (code: string) => expect.objectContaining({ code });

onBothDatabases("receipts by shared key", (books) => {
  const open = async (amount = 100) => {
    const [account, payee] = [await books().account(), await books().account(0)];
    return books().hold({ account, payee, amount: credits(amount) });
  };
  const submit = (receipt: HmacReceipt) =>
    books().ledger.receiveHmac(receipt, statementOf(receipt.node), books().now);
  const held = async ({ account }: TestHold) => (await books().ledger.balance(account))!.held;
  const vestAll = async () => {
    books().now += day;
    await books().ledger.vest(books().now);
  };

  test("pay seconds into the vesting account, and give back the rest of the hold", async () => {
    const hold = await open();
    expect(await submit(receiptOf(hold))).toEqual({ outcome: "vesting", paid: credits(5) });
    expect(await held(hold)).toBe(0n);
    expect(await books().posted(hold.payee)).toBe(0n);
    await vestAll();
    expect(await books().posted(hold.payee)).toBe(credits(5));
    expect(await books().posted(hold.account)).toBe(credits(995));
  });

  test("pay ten credits at most", async () => {
    const hold = await open();
    expect(await submit(receiptOf(hold, { seconds: 300 }))).toMatchObject({ paid: credits(10) });
  });

  test("pay no more than the hold has", async () => {
    const hold = await open(2);
    expect(await submit(receiptOf(hold))).toEqual({
      outcome: "budget_exhausted",
      paid: credits(2),
    });
  });

  test("pay nothing at one's own node", async () => {
    const account = await books().account();
    const hold = await books().hold({ account, payee: account, amount: 0n });
    expect(await submit(receiptOf(hold))).toEqual({ outcome: "settled", paid: 0n });
  });

  test("get the same answer again, and have one effect", async () => {
    const hold = await open();
    const receipt = receiptOf(hold);
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(receipt)));
    expect(new Set(answers.map(({ paid }) => paid))).toEqual(new Set([credits(5)]));
    expect(await submit(receipt)).toEqual({ outcome: "vesting", paid: credits(5) });
    expect(await books().posted(hold.account)).toBe(credits(995));
  });

  test("are one per hold", async () => {
    const hold = await open();
    await submit(receiptOf(hold));
    for (const other of [{ seconds: 6 }, { proof: hold.tree.reveal(4) }])
      await expect(submit(receiptOf(hold, other))).rejects.toEqual(refused("receipt_conflict"));
  });

  test("come too late where a line came first", async () => {
    const hold = await open();
    await books().receive(hold, lineOf(hold, 1));
    await expect(submit(receiptOf(hold))).rejects.toEqual(refused("receipt_conflict"));
    expect(await held(hold)).toBe(credits(95));
  });

  test("close the hold: a line that comes later is not paid", async () => {
    const hold = await open();
    await submit(receiptOf(hold));
    expect(outcomes(await books().receive(hold, lineOf(hold, 1)))).toEqual([
      ["unpaid", "0.000000"],
    ]);
    const same = await books().receive(hold, lineOf(hold, 3));
    expect(outcomes(same)).toEqual([["receipt_conflict", "5.000000"]]);
  });

  test.each([
    ["a secret that was not revealed", { proof: { k: 3, x: "A".repeat(43), path: [] } }],
    ["a number that it is not", (hold: TestHold) => ({ proof: { ...hold.tree.reveal(3), k: 4 } })],
  ])("are refused with %s", async (_name, fields) => {
    const hold = await open();
    const receipt = receiptOf(hold, typeof fields === "function" ? fields(hold) : fields);
    await expect(submit(receipt)).rejects.toEqual(refused("request_unproven"));
    expect(await held(hold)).toBe(credits(100));
  });

  test("are for the node of the hold only", async () => {
    const hold = await open();
    await expect(submit(receiptOf(hold, { node: "another" }))).rejects.toEqual(
      refused("hold_not_found"),
    );
    const nowhere = "00000000-0000-4000-8000-000000000000";
    await expect(submit(receiptOf(hold, { hold: nowhere }))).rejects.toEqual(
      refused("hold_not_found"),
    );
  });

  test.each(["before", "after"] as const)(
    "wait their day though the requester agreed %s they came",
    async (order) => {
      const hold = await open();
      const word = seen(lineOf(hold, 3), { billed_ms: 7_000 });
      if (order === "before") await books().acknowledge(hold, word);
      await submit(receiptOf(hold));
      if (order === "after") {
        const outcome = await books().acknowledge(hold, word);
        expect(outcomes(outcome)).toEqual([["vesting", "5.000000"]]);
      }
      expect(await books().posted(hold.payee)).toBe(0n);
      await vestAll();
      expect(await books().posted(hold.payee)).toBe(credits(5));
    },
  );

  test("pay no more than the requester saw; the rest is the commons'", async () => {
    const hold = await open();
    await books().acknowledge(hold, seen(lineOf(hold, 3), { billed_ms: 2_000 }));
    await submit(receiptOf(hold));
    await vestAll();
    expect(await books().posted(hold.payee)).toBe(credits(2));
    expect(await books().posted(hold.account)).toBe(credits(995));
  });

  test("leave no mark on anybody", async () => {
    const hold = await open();
    await submit(receiptOf(hold));
    await books().acknowledge(hold, { k: 3, verdict: "refused" });
    const before = await books().ledger.marks(await books().account());
    expect(await books().ledger.marks(hold.payee)).toEqual(before);
  });
});

test.each([
  [1, 10n ** 12n, 1],
  [300, 10n ** 12n, 10],
  [300, 5n * 10n ** 10n, 10],
  [100, 5n * 10n ** 10n, 5],
])("%s s at %s a second are %s credits", (seconds, perSecond, cost) => {
  expect(hmacCost(seconds, perSecond)).toBe(credits(cost));
});
