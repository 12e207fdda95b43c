import { expect, test } from "vitest";
import { createHoldAccounts } from "./hold-accounts.ts";

function accountsOf(spent = 0n) {
  const looks: string[] = [];
  const accounts = createHoldAccounts({
    historyOf(hold) {
      looks.push(hold);
      return { used: [1], spent, freeAborts: 1 };
    },
  });
  return { accounts, looks };
}

test("a number is taken once, may be given back, and what the journal knows is taken", () => {
  const account = accountsOf().accounts.open("a");
  expect(account.take(1)).toBe(false);
  expect([account.take(2), account.take(2)]).toEqual([true, false]);
  account.giveBack(2);
  expect(account.take(2)).toBe(true);
  expect(account.freeAborts).toBe(1);
});

test("what runs counts against the budget as what is spent does, and ends with it", () => {
  const { accounts } = accountsOf(10n);
  const account = accounts.open("a");
  let ended = 0;
  const request = { costNow: () => 5n, endForBudget: () => (ended += 1) };
  expect([account.isSpent(10n), account.isSpent(11n)]).toEqual([true, false]);
  account.start(request);
  expect([account.isSpent(15n), account.isSpent(16n)]).toEqual([true, false]);
  expect(accounts.running()).toEqual(["a"]);
  account.endForBudget();
  expect(ended).toBe(1);
  account.finish(request, 3n, true);
  account.abandon(request);
  expect([account.isSpent(13n), account.isSpent(14n)]).toEqual([true, false]);
  expect(account.freeAborts).toBe(2);
  expect(accounts.running()).toEqual([]);
});

test("a hold's users share one account; only what nobody uses is forgotten, and read again when needed", () => {
  const { accounts, looks } = accountsOf();
  const kept = accounts.open("kept");
  expect(kept.take(9)).toBe(true);
  accounts.open("left").close();
  for (let index = 0; index < 1_100; index += 1) accounts.open(`other ${index}`).close();
  expect(accounts.open("kept").take(9)).toBe(false);
  accounts.open("left");
  expect(looks.filter((hold) => hold === "kept")).toHaveLength(1);
  expect(looks.filter((hold) => hold === "left")).toHaveLength(2);
});

test("a request that was never settled no longer runs, and costs nothing", () => {
  const { accounts } = accountsOf(10n);
  const account = accounts.open("a");
  const request = { costNow: () => 5n, endForBudget: () => undefined };
  account.start(request);
  account.abandon(request);
  expect(accounts.running()).toEqual([]);
  expect([account.isSpent(10n), account.isSpent(11n)]).toEqual([true, false]);
});

test("many holds in use do not crowd out one that was just left", () => {
  const { accounts, looks } = accountsOf();
  for (let index = 0; index < 1_100; index += 1) accounts.open(`in use ${index}`);
  accounts.open("left").close();
  expect(accounts.isOpen("left")).toBe(false);
  accounts.open("left");
  expect(accounts.isOpen("left")).toBe(true);
  expect(looks.filter((hold) => hold === "left")).toHaveLength(1);
});
