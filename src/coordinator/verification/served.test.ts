/** What served requests show of a node's speed, and that no proof counts for more than half as much again. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import type { AcknowledgedLine, Line } from "../../protocol/receipt.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { lineOf, openBooks, seen, type SqlBooks } from "../ledger/books.fixture.ts";
import { askingNode, createFineClock, multiplierAt, fastMs, smallest } from "./proving.fixture.ts";
import { readServed } from "./served-store.ts";

const resources = new AsyncDisposableStack();
let network: TestCoordinator;
let books: SqlBooks;
beforeAll(async () => {
  const { url } = resources.use(await createDatabase());
  const settings = { databaseUrl: url, proofs: smallest };
  network = resources.use(await openCoordinator(settings, createFineClock()));
  books = resources.use(await openBooks(url));
  books.now = network.clock.now();
}, 60_000);
afterAll(() => resources.disposeAsync());

/** A token takes an RTX 3060 ten milliseconds. */
const rate = { perSecond: 10n ** 12n, perPromptToken: 0n, perCompletionToken: 10n ** 10n };
/** A thousand tokens, so many times as fast as an RTX 3060, after half a second that nothing shortens. */
const atPace = (multiplier: number): Partial<Line> => ({
  ...{ completion_tokens: 1_000, billed_ms: Math.round(500 + 10_000 / multiplier) },
});
const twice = atPace(2);

interface Asked {
  fields?: Partial<Line>;
  word?: (line: Line) => AcknowledgedLine;
  account?: string;
}

/** Somebody's request, under a ticket of its own. */
async function serve(
  at: { node: string; payee: string },
  { fields = twice, word = seen, account }: Asked = {},
): Promise<string> {
  const requester = account ?? (await books.account());
  const hold = await books.hold({ ...at, account: requester, rate });
  const line = lineOf(hold, 1, fields);
  await books.receive(hold, line);
  await books.acknowledge(hold, word(line));
  return requester;
}

async function lent() {
  const owner = await makeSigner();
  const prover = await askingNode(network, owner);
  return { prover, at: { node: prover.node.id, payee: owner.id } };
}
const servedBy = ({ node }: { node: string }, now = books.now) =>
  readServed(books.database, node, now);

test("of each requester the fastest answer counts, and of all the middle one", async () => {
  const { at } = await lent();
  for (const multiplier of [0.5, 1, 2, 3]) {
    const account = await serve(at, { fields: atPace(multiplier) });
    await serve(at, { account, fields: atPace(0.1) });
  }
  // Four are too few to say anything.
  expect(await servedBy(at)).toBeUndefined();
  await serve(at, { fields: atPace(5) });
  expect(await servedBy(at)).toBeCloseTo(20_000);
  expect(await servedBy(at, books.now + 31 * 24 * 3_600_000)).toBeUndefined();
});

test("short answers, broken ones, and those that are in dispute say nothing", async () => {
  const { at } = await lent();
  for (let number = 0; number < 5; number += 1) await serve(at, { fields: atPace(1) });
  for (let number = 0; number < 9; number += 1) {
    await serve(at, { fields: { ...twice, completion_tokens: 49 } });
    await serve(at, { fields: { ...twice, finish: "worker_error" } });
    await serve(at, { word: (line) => seen(line, { verdict: "differs" }) });
  }
  expect(await servedBy(at)).toBeCloseTo(10_000);
});

test("a node counts as one and a half of what its answers show at most", async () => {
  const { prover, at } = await lent();
  for (let number = 0; number < 5; number += 1) await serve(at, { fields: atPace(0.4) });
  expect(await prover.prove()).toBe("0.6000");
  const other = await lent();
  for (let number = 0; number < 5; number += 1) await serve(other.at, { fields: atPace(4) });
  expect(await other.prover.prove()).toBe(multiplierAt(fastMs));
});
