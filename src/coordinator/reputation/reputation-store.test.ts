/** What is read out of the books as a node's record, on both databases. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "kysely";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import type { AcknowledgedLine, Line } from "../../protocol/receipt.ts";
import { lineOf, openBooks, seen, type SqlBooks } from "../ledger/books.fixture.ts";
import { createReputationStore, type ReputationStore } from "./reputation-store.ts";

const day = 24 * 60 * 60_000;
const hour = day / 24;

describe.each(["PGlite", "PostgreSQL"] as const)("records on %s", { timeout: 120_000 }, (kind) => {
  const resources = new AsyncDisposableStack();
  let books: SqlBooks;
  let store: ReputationStore;
  beforeAll(async () => {
    const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
    books = resources.use(await openBooks(service?.url));
    store = createReputationStore(books.database);
  }, 120_000);
  afterAll(() => resources.disposeAsync());

  async function enrolled(): Promise<{ node: string; payee: string }> {
    const [node, payee] = [systemRandom.uuid(), await books.account(0)];
    await sql`
      insert into node (id, owner, jwk, multiplier, enrolled_ms)
      values (${node}, ${payee}, '{}'::jsonb, 10000, 0)
    `.execute(books.database);
    return { node, payee };
  }

  type Word = (line: Line) => AcknowledgedLine | undefined;
  interface Served {
    fields?: Partial<Line>;
    word?: Word;
    account?: string;
  }

  /** One request under a ticket of its own. */
  async function serve(
    { node, payee }: { node: string; payee: string },
    { fields = {}, word = seen, account }: Served = {},
  ): Promise<string> {
    const requester = account ?? (await books.account());
    const isOwn = requester === payee;
    const hold = await books.hold({
      ...{ account: requester, payee, node },
      ...(isOwn ? { amount: 0n } : { amount: 10_000_000n }),
    });
    const line = lineOf(hold, 1, { ...fields, ...(isOwn ? { cost: "0.000000" } : {}) });
    await books.receive(hold, line);
    const said = word(line);
    if (said) await books.acknowledge(hold, said);
    return requester;
  }

  const recordsOf = async (nodes: readonly string[], now = books.now) =>
    store.readRecords(await store.findRequesters(nodes, now), now);
  const recordOf = async (node: string, now = books.now) =>
    (await recordsOf([node], now)).get(node);

  test("what is unknown has none, and what was enrolled a moment ago an empty one", async () => {
    const { node } = await enrolled();
    expect(await recordsOf(["nobody", node])).toEqual(
      new Map([[node, { jobs: [], presence: { presentMs: 0, missedMs: 0 }, consistency: null }]]),
    );
  });

  test("an answer counts, whether or not its requester has spoken", async () => {
    const at = await enrolled();
    const account = await serve(at);
    await serve(at, { account, word: () => undefined });
    expect(await recordOf(at.node)).toMatchObject({
      jobs: [
        { requester: account, ending: "answered" },
        { requester: account, ending: "answered" },
      ],
    });
  });

  test.each(["worker_error", "timeout"] as const)("%s is a failure of the node", async (finish) => {
    const at = await enrolled();
    await serve(at, { fields: { finish } });
    expect((await recordOf(at.node))?.jobs).toMatchObject([{ ending: "failed" }]);
  });

  test.each(["client_gone", "cancelled", "yielded"] as const)("%s says nothing", async (finish) => {
    const at = await enrolled();
    await serve(at, { fields: { finish } });
    expect(await recordOf(at.node)).toMatchObject({ jobs: [] });
  });

  const words: [string, Word][] = [
    ["figures that differ", (line) => seen(line, { verdict: "differs", billed_ms: 4_000 })],
    ["another line", (line) => seen(line, { line_hash: "A".repeat(43) })],
    ["a shorter time", (line) => seen(line, { billed_ms: 4_999 })],
    ["fewer tokens of the prompt", (line) => seen(line, { prompt_tokens: 9 })],
    ["fewer tokens of the answer", (line) => seen(line, { completion_tokens: 19 })],
    ["no line", ({ k }) => ({ k, verdict: "not_received" })],
    ["a line that is refused", ({ k }) => ({ k, verdict: "refused" })],
  ];
  test.each(words)("%s: a dispute, and a mark just as the books count marks", async (_, word) => {
    const at = await enrolled();
    await serve(at, { word });
    expect((await recordOf(at.node))?.jobs).toMatchObject([{ ending: "disputed" }]);
    expect((await books.ledger.marks(at.payee)).asProvider).toMatchObject({ marked: 1 });
  });

  test("an answer that is disputed afterwards is disputed", async () => {
    const at = await enrolled();
    const account = await books.account();
    const hold = await books.hold({ account, ...at });
    const line = lineOf(hold, 1);
    await books.receive(hold, line);
    await books.acknowledge(hold, seen(line));
    await books.acknowledge(hold, { k: 1, verdict: "not_received" });
    expect((await recordOf(at.node))?.jobs).toMatchObject([{ ending: "disputed" }]);
  });

  test("the owner's own requests are no part of it", async () => {
    const at = await enrolled();
    for (let count = 0; count < 6; count += 1)
      await serve(at, { account: at.payee, fields: { finish: "worker_error" } });
    expect(await recordOf(at.node)).toMatchObject({ jobs: [] });
  });

  test("it is one node's record and not its owner's", async () => {
    const first = await enrolled();
    await serve(first, { fields: { finish: "worker_error" } });
    const second = { ...(await enrolled()), payee: first.payee };
    expect(await recordOf(second.node)).toMatchObject({ jobs: [] });
  });

  test("of each requester the latest are read, newest first, and nothing of a week ago", async () => {
    const at = await enrolled();
    const account = await books.account(1_000);
    for (let count = 0; count < 25; count += 1) {
      books.now += 1_000;
      await serve(at, { account, fields: count < 5 ? { finish: "worker_error" } : {} });
    }
    const record = await recordOf(at.node);
    expect(record?.jobs.map(({ ending }) => ending)).toEqual(Array(20).fill("answered"));
    expect(await recordOf(at.node, books.now + 7 * day)).toMatchObject({ jobs: [] });
  });

  test("whoever asks a hundred times as much pushes nobody else's jobs out", async () => {
    const at = await enrolled();
    const quiet = await serve(at, { fields: { finish: "worker_error" } });
    const loud = await books.account();
    for (let ticket = 0; ticket < 5; ticket += 1) {
      books.now += 1_000;
      const hold = await books.hold({ account: loud, ...at, amount: 100_000_000n });
      const lines = Array.from({ length: 20 }, (_, k) => lineOf(hold, k + 1, { billed_ms: 1 }));
      await books.receive(hold, ...lines);
    }
    expect(await store.findRequesters([at.node], books.now)).toEqual(
      new Map([[at.node, [loud, quiet]]]),
    );
    const { jobs } = (await recordOf(at.node))!;
    expect(jobs.map(({ requester }) => requester)).toEqual([...Array(20).fill(loud), quiet]);
  });

  test("jobs of others than those named are not read", async () => {
    const at = await enrolled();
    const heard = await serve(at);
    await serve(at);
    const records = await store.readRecords(new Map([[at.node, [heard]]]), books.now);
    expect(records.get(at.node)?.jobs).toMatchObject([{ requester: heard }]);
  });

  test("the pace is told by what the ticket's token rates allow at its multiplier", async () => {
    const at = await enrolled();
    const hold = await books.hold({
      ...{ account: await books.account(1_000), ...at, amount: 50_000_000n },
      // Two credits a second, 10 ms for each token of an answer on the reference card.
      rate: {
        perSecond: 2n * 10n ** 12n,
        perPromptToken: 5n * 10n ** 8n,
        perCompletionToken: 10n ** 10n,
      },
    });
    const figures = { billed_ms: 3_000, prompt_tokens: 200, completion_tokens: 100 };
    await books.receive(hold, lineOf(hold, 1, figures));
    expect((await recordOf(at.node))?.jobs).toMatchObject([{ promisedMs: 550, billedMs: 3_000 }]);
  });

  test("who has paid three owners is known, and nobody else", async () => {
    const [known, loyal, unpaid] = [
      await books.account(1_000),
      await books.account(1_000),
      await books.account(1_000),
    ];
    const one = await enrolled();
    for (let count = 0; count < 3; count += 1) {
      const other = await enrolled();
      await serve(other, { account: known });
      await serve(one, { account: loyal });
      // Vests for a day yet.
      await serve(other, { account: unpaid, word: () => undefined });
    }
    expect(await store.findKnown([known, loyal, unpaid, "nobody"])).toEqual(new Set([known]));
  });

  test("presence adds up, and half of it is forgotten in three days", async () => {
    const { node } = await enrolled();
    const seenNow = new Map([[node, { presentMs: 4 * hour, missedMs: hour }]]);
    await store.addPresence(seenNow, books.now);
    await store.addPresence(seenNow, books.now);
    expect((await recordOf(node))?.presence).toEqual({ presentMs: 8 * hour, missedMs: 2 * hour });
    await store.addPresence(seenNow, books.now + 3 * day);
    expect((await recordOf(node))?.presence).toEqual({ presentMs: 8 * hour, missedMs: 2 * hour });
    await store.addPresence(new Map(), books.now);
  });
});
