import { expect, test } from "vitest";
import { end, secrets, ticket } from "../fixtures/ticket.fixture.ts";
import { isDueForRenewal, isUsable, takeSecret } from "./ticket.ts";

test.each([
  ["fresh", {}, 0, true],
  ["until shortly before its end", {}, end - 5_001, true],
  ["at its end", {}, end - 5_000, false],
  ["with its last number", { lastNumber: 255 }, 0, true],
  ["without numbers", { lastNumber: 256 }, 0, false],
  ["with a number given back", { lastNumber: 256, returned: [9] }, 0, true],
  ["with its budget spent", { spent: 100n }, 0, false],
  ["at one's own node, where nothing is charged", { budget: 0n }, 0, true],
])("a ticket %s: usable %#", (_name, changes, now, expected) => {
  expect(isUsable(ticket(changes), now)).toBe(expected);
});

test.each([
  ["three quarters of its numbers", { lastNumber: 192 }, 0, true],
  ["fewer numbers", { lastNumber: 191 }, 0, false],
  ["three quarters of its budget", { spent: 75n }, 0, true],
  ["less of its budget", { spent: 74n }, 0, false],
  ["no budget at all, at one's own node", { budget: 0n }, 0, false],
  ["a use in its last 120 s, 60 s before its end", { lastUsedAt: 180_000 }, 240_000, true],
  ["the same, earlier", { lastUsedAt: 180_000 }, 239_999, false],
  ["a use before its last 120 s", { lastUsedAt: 179_999 }, 240_000, false],
])("a ticket with %s: due %#", (_name, changes, now, expected) => {
  expect(isDueForRenewal(ticket(changes), now)).toBe(expected);
});

test("numbers are taken in turn, those given back first", () => {
  const taken = ticket({ returned: [7], lastNumber: 9 });
  expect(takeSecret(taken, 5)).toEqual(secrets.reveal(7));
  expect(takeSecret(taken, 6).k).toBe(10);
  expect(taken).toMatchObject({ running: 2, lastUsedAt: 6, returned: [] });
});
