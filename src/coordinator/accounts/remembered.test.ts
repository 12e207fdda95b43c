/** What is remembered of the books: how long, how much longer while they are away, and never what they took back. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { booksAwayMs, createRemembered } from "./remembered.ts";

const freshMs = 10_000;

function open() {
  const clock = createFakeClock();
  const memory = createRemembered<string>({ clock, freshMs, most: 2 });
  const books = { say: "ann" as string | undefined, refuse: undefined as string | undefined };
  let asked = 0;
  const ask = async (): Promise<string | undefined> => {
    asked += 1;
    if (books.refuse) throw new TroopError(books.refuse as "ledger_unavailable");
    return books.say;
  };
  return {
    ...{ clock, memory, books, ask, asked: () => asked },
    find: () => memory.find("key", ask),
    findMeanwhile: () => memory.findMeanwhile("key", ask),
  };
}
const away = { code: "ledger_unavailable" };

test("what was read is asked for again when it is old, and not before", async () => {
  const { clock, books, find, asked } = open();
  expect(await find()).toBe("ann");
  books.say = "bea";
  await clock.advance(freshMs - 1);
  expect([await find(), asked()]).toEqual(["ann", 1]);
  await clock.advance(1);
  expect([await find(), asked()]).toEqual(["bea", 2]);
});

test("while the books are away it counts a minute longer, by the one verb that says so", async () => {
  const { clock, books, find, findMeanwhile } = open();
  await find();
  books.refuse = away.code;
  await clock.advance(freshMs + booksAwayMs - 1);
  await expect(find()).rejects.toMatchObject(away);
  expect(await findMeanwhile()).toBe("ann");
  await clock.advance(1);
  await expect(findMeanwhile()).rejects.toMatchObject(away);
  books.refuse = undefined;
  expect(await findMeanwhile()).toBe("ann");
});

test("a wall clock that is set back makes nothing younger", async () => {
  const { clock, books, findMeanwhile } = open();
  await findMeanwhile();
  books.refuse = away.code;
  clock.shiftWall(-3_600_000);
  await clock.advance(freshMs + booksAwayMs);
  await expect(findMeanwhile()).rejects.toMatchObject(away);
});

test("books that are away are asked now and then, and not by every call", async () => {
  const { clock, books, findMeanwhile, asked } = open();
  await findMeanwhile();
  books.refuse = away.code;
  await clock.advance(freshMs);
  for (let calls = 0; calls < 10; calls += 1) await findMeanwhile();
  expect(asked()).toBe(2);
  books.refuse = undefined;
  books.say = "bea";
  await clock.advance(5_000);
  expect(await findMeanwhile()).toBe("bea");
});

test("of many calls at once one asks books that were away, and the others go on without waiting", async () => {
  const { clock, books, findMeanwhile, asked } = open();
  await findMeanwhile();
  books.refuse = away.code;
  await clock.advance(freshMs);
  await findMeanwhile();
  await clock.advance(5_000);
  const before = asked();
  const all = await Promise.all(Array.from({ length: 100 }, findMeanwhile));
  expect(new Set(all)).toEqual(new Set(["ann"]));
  expect(asked() - before).toBe(1);
});

test.each([
  ["lack", { say: undefined, refuse: undefined }],
  ["refuse", { say: "ann", refuse: "account_revoked" }],
])("what the books %s by now does not come back when they are away", async (_, now) => {
  const { clock, books, findMeanwhile } = open();
  await findMeanwhile();
  await clock.advance(freshMs);
  Object.assign(books, now);
  await findMeanwhile().catch(() => undefined);
  books.refuse = away.code;
  await expect(findMeanwhile()).rejects.toMatchObject(away);
});

test("what is forgotten while it is read, or while the books are waited for, is not remembered", async () => {
  const { clock, memory, books, ask, find, findMeanwhile, asked } = open();
  const forgetting = async () => {
    const said = await ask();
    memory.forget("key");
    return said;
  };
  await memory.find("key", forgetting);
  expect([await find(), asked()]).toEqual(["ann", 2]);
  await clock.advance(freshMs);
  books.refuse = away.code;
  const waiting = memory.findMeanwhile("key", () => ask().finally(() => memory.forget("key")));
  await expect(waiting).rejects.toMatchObject(away);
  await expect(findMeanwhile()).rejects.toMatchObject(away);
});
