/** Many at once, on PostgreSQL: whatever races, one effect. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  credits,
  lineOf,
  openBooks,
  outcomes,
  seen,
  type SqlBooks,
} from "../../src/coordinator/ledger/books.fixture.ts";
import { TroopError } from "../../src/protocol/error-codes.ts";
import { createDatabase, type TestService } from "../support/services.ts";

let service: TestService;
let books: SqlBooks;
beforeAll(async () => {
  service = await createDatabase();
  books = await openBooks(service.url);
});
afterAll(async () => {
  await books[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** A call that found no free connection is made again, as outboxes do. */
async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TroopError) || error.code !== "ledger_unavailable") throw error;
    }
  }
}

const times = <Result>(count: number, work: () => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, () => insist(work)));

test(
  "of 800 concurrent captures of one leg one has an effect, and all get the same answer",
  { timeout: 120_000 },
  async () => {
    const [account, payee] = [await books.account(), await books.account(0)];
    const hold = await books.hold({ account, payee });
    const line = lineOf(hold, 1);
    // Each in a statement of its own: only the request's name says that they are one.
    const received = await times(800, async () => outcomes(await books.receive(hold, line)));
    expect(new Set(received.map(String))).toEqual(new Set(["vesting,5.000000"]));
    expect(await books.ledger.balance(account)).toMatchObject({
      posted: credits(995),
      held: credits(95),
    });
    expect(await books.ledger.balance(payee)).toMatchObject({ posted: 0n, vesting: credits(5) });
    const settled = await times(800, async () =>
      outcomes(await books.acknowledge(hold, seen(line))),
    );
    expect(new Set(settled.map(String))).toEqual(new Set(["settled,5.000000"]));
    expect(await books.ledger.balance(payee)).toMatchObject({ posted: credits(5), vesting: 0n });
    expect(await books.ledger.audit()).toEqual([]);
  },
);

test("of 75 concurrent holds of 300 credits on a balance worth 20, exactly 20 open", async () => {
  const [account, payee] = [await books.account(6_000), await books.account(0)];
  const opened = await times(75, () =>
    books.ledger.openHold(books.newHold({ account, payee, amount: credits(300) })),
  );
  expect(opened.filter(({ outcome }) => outcome === "opened")).toHaveLength(20);
  expect(opened.filter(({ outcome }) => outcome === "insufficient")).toHaveLength(55);
  expect(await books.ledger.balance(account)).toMatchObject({ held: credits(6_000) });
  expect(await books.ledger.audit()).toEqual([]);
});
