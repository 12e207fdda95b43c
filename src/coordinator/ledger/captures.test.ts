/** Settlement: what each line of a receipt or an acknowledgement does, and does once. */
import { expect, test } from "vitest";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { byTheSecond, credits, lineOf, outcomes, seen } from "./books.fixture.ts";

const day = 24 * 60 * 60_000;

onBothDatabases("settlement", (books) => {
  const parties = async (amount = 1_000) => ({
    account: await books().account(amount),
    payee: await books().account(0),
  });

  test("a receipt vests and its acknowledgement settles it", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const line = lineOf(hold, 1);
    expect(outcomes(await books().receive(hold, line))).toEqual([["vesting", "5.000000"]]);
    expect(await books().ledger.balance(payee)).toMatchObject({ posted: 0n, vesting: credits(5) });
    expect(outcomes(await books().acknowledge(hold, seen(line)))).toEqual([
      ["settled", "5.000000"],
    ]);
    expect(await books().ledger.balance(payee)).toMatchObject({ posted: credits(5), vesting: 0n });
    expect(await books().ledger.balance(account)).toMatchObject({
      posted: credits(995),
      held: credits(95),
      nonTransferable: credits(995),
    });
  });

  test("an acknowledgement that comes first waits, and its receipt settles at once", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const line = lineOf(hold, 1);
    expect(outcomes(await books().acknowledge(hold, seen(line)))).toEqual([
      ["waiting", "0.000000"],
    ]);
    expect(outcomes(await books().receive(hold, line))).toEqual([["settled", "5.000000"]]);
    expect(await books().posted(payee)).toBe(credits(5));
  });

  test("of 200 equal receipts at once one has an effect, and all get the same answer", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const line = lineOf(hold, 1);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => books().receive(hold, line)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await books().ledger.balance(payee)).toMatchObject({ vesting: credits(5) });
  });

  test("receipts and acknowledgements of many requests may race", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const lines = Array.from({ length: 15 }, (_, index) => lineOf(hold, index + 1));
    await Promise.all(
      lines.flatMap((line) => [
        books().receive(hold, line),
        books().acknowledge(hold, seen(line)),
        books().receive(hold, line),
      ]),
    );
    expect(await books().posted(payee)).toBe(credits(75));
    expect(await books().posted(account)).toBe(credits(925));
  });

  test("what nobody acknowledges is the provider's after a day, not before", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const line = lineOf(hold, 1);
    await books().receive(hold, line);
    await books().ledger.vest(books().now + day - 1);
    expect(await books().posted(payee)).toBe(0n);
    await books().ledger.vest(books().now + day);
    await books().ledger.vest(books().now + day);
    expect(await books().posted(payee)).toBe(credits(5));
    // Too late to move money, but on record.
    const late = await books().acknowledge(hold, { k: 1, verdict: "not_received" });
    expect(outcomes(late)).toEqual([["settled", "5.000000"]]);
  });

  test("the clock of vesting stands still while the coordinator is down", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    await books().receive(hold, lineOf(hold, 1));
    const received = books().now;
    await books().ledger.postponeVesting(received, received + 3_600_000);
    await books().ledger.vest(books().now + day + 3_599_999);
    expect(await books().posted(payee)).toBe(0n);
    await books().ledger.vest(books().now + day + 3_600_000);
    expect(await books().posted(payee)).toBe(credits(5));
  });

  test("a number that was never revealed cannot be billed; the rest of the statement stands", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const proven = lineOf(hold, 1);
    const forged = { ...lineOf(hold, 2), x: proven.x };
    expect(outcomes(await books().receive(hold, forged, proven))).toEqual([
      ["request_unproven", "0.000000"],
      ["vesting", "5.000000"],
    ]);
  });

  test("the same line again gets the same answer; another for the same request is a conflict", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const line = lineOf(hold, 1);
    await books().receive(hold, line);
    expect(
      outcomes(await books().receive(hold, line, lineOf(hold, 1, { billed_ms: 9_000 }))),
    ).toEqual([
      ["vesting", "5.000000"],
      ["receipt_conflict", "5.000000"],
    ]);
    await books().acknowledge(hold, seen(line));
    expect(outcomes(await books().acknowledge(hold, seen(line)))).toEqual([
      ["settled", "5.000000"],
    ]);
    expect(outcomes(await books().acknowledge(hold, { k: 1, verdict: "refused" }))).toEqual([
      ["replayed", "5.000000"],
    ]);
    expect(await books().posted(payee)).toBe(credits(5));
  });

  test("at one's own node nothing is charged, and the request is on record", async () => {
    const account = await books().account(0);
    const hold = await books().hold({ account, payee: account, amount: 0n, rate: byTheSecond });
    const line = lineOf(hold, 1);
    expect(outcomes(await books().receive(hold, line))).toEqual([["settled", "0.000000"]]);
    expect(outcomes(await books().acknowledge(hold, seen(line)))).toEqual([
      ["settled", "0.000000"],
    ]);
    expect(await books().ledger.history(account, undefined, 10)).toHaveLength(1);
  });

  test("a hold never pays more than its amount, and the shortfall is on record", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee, amount: credits(8) });
    const answer = await books().receive(hold, lineOf(hold, 1), lineOf(hold, 2), lineOf(hold, 3));
    expect(outcomes(answer)).toEqual([
      ["vesting", "5.000000"],
      ["budget_exhausted", "3.000000"],
      ["budget_exhausted", "0.000000"],
    ]);
    expect(await books().ledger.balance(account)).toMatchObject({ posted: credits(992), held: 0n });
  });

  test("a worker that died, and three early aborts a ticket, cost nothing", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const abort = { finish: "client_gone", completion_tokens: 0 } as const;
    const lines = [1, 2, 3, 4].map((k) => lineOf(hold, k, abort));
    const died = lineOf(hold, 5, { finish: "worker_error" });
    expect(outcomes(await books().receive(hold, died, ...lines))).toEqual([
      ["settled", "0.000000"],
      ["settled", "0.000000"],
      ["settled", "0.000000"],
      ["settled", "0.000000"],
      ["vesting", "5.000000"],
    ]);
  });

  test("a claim below the recomputed cost is paid as claimed, one above it is cut", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const modest = lineOf(hold, 1, { cost: "1.000000" });
    const greedy = lineOf(hold, 2, { cost: "50.000000" });
    expect(outcomes(await books().receive(hold, modest, greedy))).toEqual([
      ["vesting", "1.000000"],
      ["vesting", "5.000000"],
    ]);
  });

  test("only the node and the account of a hold have a say in it", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    const line = lineOf(hold, 1);
    expect(outcomes(await books().receive({ ...hold, node: "another node" }, line))).toBe(
      "hold_not_found",
    );
    expect(outcomes(await books().acknowledge({ ...hold, account: payee }, seen(line)))).toBe(
      "hold_not_found",
    );
    const unknown = { ...hold, id: "00000000-0000-8000-8000-000000000000" };
    expect(outcomes(await books().receive(unknown, line))).toBe("hold_not_found");
  });

  test("the history of one instant: requests before the grant they spend, in pages without gap or overlap", async () => {
    const { account, payee } = await parties();
    const hold = await books().hold({ account, payee });
    await books().receive(hold, ...[1, 2, 3].map((k) => lineOf(hold, k)));
    const whole = await books().ledger.history(account, undefined, 10);
    expect(whole.map(({ type }) => type)).toEqual(["request", "request", "request", "transfer"]);
    const paged = [];
    for (let before = undefined as (typeof whole)[0] | undefined; ;) {
      const [entry] = await books().ledger.history(account, before, 1);
      if (!entry) break;
      paged.push(entry);
      before = entry;
    }
    expect(paged).toEqual(whole);
  });
});
