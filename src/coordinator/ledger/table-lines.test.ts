/** The table of `docs/ledger.md`, continued: which lines count, and what holds do as they end. */
import { expect, test } from "vitest";
import { formatCredits } from "../../protocol/credits.ts";
import { onBothDatabases } from "./both-databases.fixture.ts";
import { credits, lineOf, outcomes, seen, type TestHold } from "./books.fixture.ts";

const day = 24 * 60 * 60_000;

onBothDatabases("the table, continued,", (books) => {
  const open = async (fields: Partial<TestHold> = {}) =>
    books().hold({
      account: await books().account(),
      payee: await books().account(0),
      ...fields,
    });
  const posted = async ({ account, payee }: { account: string; payee: string }) => [
    formatCredits(await books().posted(account)),
    formatCredits(await books().posted(payee)),
  ];
  const held = async ({ account }: TestHold) =>
    formatCredits((await books().ledger.balance(account))!.held);
  const settle = async (hold: TestHold, ...lines: ReturnType<typeof lineOf>[]) => {
    const answer = await books().receive(hold, ...lines);
    await books().acknowledge(hold, ...lines.map((line) => seen(line)));
    return outcomes(answer);
  };

  test("a secret that does not verify is refused; the rest of the statement stands", async () => {
    const hold = await open();
    const forged = { ...lineOf(hold, 2), x: lineOf(hold, 1).x };
    expect(outcomes(await books().receive(hold, forged, lineOf(hold, 3)))).toEqual([
      ["request_unproven", "0.000000"],
      ["vesting", "5.000000"],
    ]);
    await books().acknowledge(hold, seen(forged));
    await books().ledger.vest(books().now + day);
    expect(await posted(hold)).toEqual(["995.000000", "5.000000"]);
  });

  test("client gone: what was produced is billed; nothing before the first token within 10 s, three times a ticket", async () => {
    const hold = await open();
    const gone = { finish: "client_gone", completion_tokens: 0, billed_ms: 9_999 } as const;
    const lines = [
      lineOf(hold, 1, { finish: "client_gone" }),
      lineOf(hold, 2, { ...gone, billed_ms: 10_000 }),
      ...[3, 4, 5, 6].map((k) => lineOf(hold, k, gone)),
    ];
    expect(await settle(hold, ...lines)).toEqual([
      ["vesting", "5.000000"],
      ["vesting", "10.000000"],
      ["settled", "0.000000"],
      ["settled", "0.000000"],
      ["settled", "0.000000"],
      ["vesting", "9.999000"],
    ]);
    expect(await posted(hold)).toEqual(["975.001000", "24.999000"]);
  });

  test("a retry on another node is its own request", async () => {
    const [first, retry] = [await open(), await open()];
    const again = await open({ account: first.account, payee: retry.payee });
    await settle(first, lineOf(first, 1));
    const line = lineOf(again, 1);
    await books().receive(again, line);
    await books().acknowledge(again, seen(line, { retry_of: `${first.id}.1` }));
    expect(await posted(again)).toEqual(["990.000000", "5.000000"]);
    expect(await books().posted(first.payee)).toBe(credits(5));
  });

  test("a node that handed over is paid its part, and the history says which parts belong together", async () => {
    const first = await open();
    const second = await open({ account: first.account });
    const yielded = lineOf(first, 1, { finish: "yielded", billed_ms: 3_000 });
    const rest = lineOf(second, 1, { billed_ms: 2_000 });
    await books().receive(first, yielded);
    await books().acknowledge(first, seen(yielded, { part: 0 }));
    await books().acknowledge(second, seen(rest, { continues: `${first.id}.1`, part: 1 }));
    await books().receive(second, rest);
    expect(await books().posted(first.payee)).toBe(credits(3));
    expect(await posted(second)).toEqual(["995.000000", "2.000000"]);
    const entries = await books().ledger.history(first.account, undefined, 5, "request");
    const parts = entries.map((entry) => entry.type === "request" && [entry.continues, entry.part]);
    expect(parts).toEqual(
      expect.arrayContaining([
        [null, 0],
        [`${first.id}.1`, 1],
      ]),
    );
  });

  test("a worker that died mid-stream is paid nothing, whatever its line claims", async () => {
    const hold = await open();
    const line = lineOf(hold, 1, { finish: "worker_error", cost: "5.000000" });
    expect(await settle(hold, line)).toEqual([["settled", "0.000000"]]);
    expect(await posted(hold)).toEqual(["1000.000000", "0.000000"]);
  });

  test("the same line again gets the same answer; a different one is a conflict, and the first stands", async () => {
    const hold = await open();
    const line = lineOf(hold, 1);
    const first = outcomes(await books().receive(hold, line));
    expect(outcomes(await books().receive(hold, line))).toEqual(first);
    const other = lineOf(hold, 1, { billed_ms: 1_000 });
    expect(outcomes(await books().receive(hold, other))).toEqual([
      ["receipt_conflict", "5.000000"],
    ]);
    await books().acknowledge(hold, seen(line));
    expect(outcomes(await books().receive(hold, other))).toEqual([
      ["receipt_conflict", "5.000000"],
    ]);
    expect(await posted(hold)).toEqual(["995.000000", "5.000000"]);
  });

  test("after the hold expired: from what it had left and the requester still has; the rest is unpaid, shown to both", async () => {
    const account = await books().account(10);
    const hold = await open({ account, amount: credits(8) });
    await books().receive(hold, lineOf(hold, 1));
    await books().ledger.expireHolds(hold.expiresAt);
    books().now = hold.expiresAt + 1;
    expect(await held(hold)).toBe("0.000000");
    await open({ account, amount: credits(4) });
    expect(await settle(hold, lineOf(hold, 2))).toEqual([["unpaid", "1.000000"]]);
    expect(outcomes(await books().receive(hold, lineOf(hold, 2)))).toEqual([
      ["unpaid", "1.000000"],
    ]);
    for (const side of [hold.account, hold.payee]) {
      const entries = await books().ledger.history(side, undefined, 5, "request");
      expect(entries.find(({ id }) => id === `${hold.id}.2`)).toMatchObject({
        cost: credits(5),
        shortfall: credits(4),
      });
    }
  });

  test("own node: a receipt and a history entry, no transfer, no mark", async () => {
    const account = await books().account();
    const hold = await open({ account, payee: account, amount: 0n });
    await books().receive(hold, lineOf(hold, 1));
    await books().acknowledge(hold, { k: 1, verdict: "refused" });
    const [entry] = await books().ledger.history(account, undefined, 5, "own");
    expect(entry).toMatchObject({ cost: 0n, state: "settled" });
    expect(await books().posted(account)).toBe(credits(1_000));
    const nothing = { requests: 0, marked: 0, counterparties: 0 };
    expect(await books().ledger.marks(account)).toEqual({
      asRequester: nothing,
      asProvider: nothing,
    });
  });

  test("closed by the worker: the rest is free when each stated number has its line; later lines are unpaid", async () => {
    const hold = await open();
    const close = (numbers: number[], node = hold.node) =>
      books().ledger.closeHold({ hold: hold.id, numbers }, node, books().now);
    await books().receive(hold, lineOf(hold, 1));
    expect(await close([], "another node")).toMatchObject({ code: "hold_not_found" });
    await close([1, 2]);
    expect(await held(hold)).toBe("95.000000");
    // The first word stands: no later one frees what is still expected.
    await close([]);
    expect(await held(hold)).toBe("95.000000");
    await books().acknowledge(hold, seen(lineOf(hold, 2)));
    expect(await held(hold)).toBe("95.000000");
    await books().receive(hold, lineOf(hold, 2));
    expect(await held(hold)).toBe("0.000000");
    expect(await settle(hold, lineOf(hold, 3))).toEqual([["unpaid", "0.000000"]]);
    await books().ledger.vest(books().now + day);
    expect(await posted(hold)).toEqual(["990.000000", "10.000000"]);
    expect(await close([1, 2])).toMatchObject({ status: "accepted" });
  });

  test("one kind of entry is shown where one is asked for, page by page", async () => {
    const hold = await open();
    await settle(hold, lineOf(hold, 1), lineOf(hold, 2), lineOf(hold, 3));
    const kinds = ["request", "grant", "own", "gift", "issue"] as const;
    const counts = await Promise.all(
      kinds.map(async (kind) => {
        const entries = await books().ledger.history(hold.account, undefined, 10, kind);
        return entries.length;
      }),
    );
    expect(counts).toEqual([3, 1, 0, 0, 0]);
    const [, second] = await books().ledger.history(hold.account, undefined, 2, "request");
    expect(await books().ledger.history(hold.account, second, 10, "request")).toHaveLength(1);
  });
});
