/** Prices as receipts make them: by many, not by two who agree, and pinned by each ticket. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { credits, lineOf, openBooks, seen, type SqlBooks } from "./books.fixture.ts";
import { createPrices } from "./prices.ts";
import { rateFor, tariffOf } from "./tariff.ts";
import { createTariffStore } from "./tariff-store.ts";

const day = 24 * 60 * 60_000;
const week = 7 * day;
const size = 3.6e9;
/** 1.25 × 3.6 GB ÷ 360 GB/s, in pico-credits. */
const bySize = 12_500_000_000n;

describe.each(["PGlite", "PostgreSQL"] as const)("prices on %s", { timeout: 120_000 }, (kind) => {
  const resources = new AsyncDisposableStack();
  let books: SqlBooks;
  let people: string[];
  beforeAll(async () => {
    const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
    books = resources.use(await openBooks(service?.url));
    people = [];
    for (let count = 0; count < 10; count += 1) people.push(await books.account());
  }, 120_000);
  afterAll(() => resources.disposeAsync());

  const prices = () => createPrices(createTariffStore(books.database));
  const claimed = (model: string) => [{ owner: "o", models: [{ name: model, size_bytes: size }] }];
  const fit = async (model: string, now: number) => {
    const fitted = prices();
    await fitted.reload();
    await fitted.refit(tariffOf(claimed(model), fitted.rates()), now);
    return fitted;
  };

  /** Requests of one pair that took so many ms for a hundred tokens, acknowledged or not. */
  async function serve(
    [account, payee]: readonly [string, string],
    {
      model,
      ms,
      count,
      agreed = true,
    }: { model: string; ms: number; count: number; agreed?: boolean },
  ): Promise<void> {
    const hold = await books.hold({ account, payee, model, amount: credits(100) });
    for (let k = 1; k <= count; k += 1) {
      const line = lineOf(hold, k, { billed_ms: ms, prompt_tokens: 0, completion_tokens: 100 });
      await books.receive(hold, line);
      if (agreed) await books.acknowledge(hold, seen(line));
    }
  }
  const pair = (index: number): [string, string] => [people[index]!, people[9 - index]!];

  test("that two who agree want to raise, by 50 slow receipts for a rare model, do not move", async () => {
    const model = "rare:7b";
    await serve(pair(0), { model, ms: 1_900, count: 50 });
    const fitted = await fit(model, books.now + week);
    expect(fitted.of(model)).toBeUndefined();
    const tariff = tariffOf(claimed(model), fitted.rates());
    expect(rateFor(tariff, model, 10_000).perCompletionToken).toBe(bySize);
  });

  test("follow what five owners and five requesters show", async () => {
    const model = "usual:7b";
    // 10 ms a token on an RTX 3060.
    for (let index = 0; index < 5; index += 1)
      await serve(pair(index), { model, ms: 1_000, count: 4 });
    const fitted = await fit(model, books.now);
    expect(fitted.of(model)).toMatchObject({
      ...{ perCompletionToken: 10_000_000_000n, lines: 20, owners: 5, requesters: 5 },
    });
    const tariff = tariffOf(claimed(model), fitted.rates());
    expect(rateFor(tariff, model, 20_000)).toEqual({
      perSecond: 2n * 10n ** 12n,
      perPromptToken: 500_000_000n,
      perCompletionToken: 10_000_000_000n,
    });
    // Another coordinator learns of it, and the price of other models does not change.
    const elsewhere = prices();
    await elsewhere.reload();
    expect(elsewhere.rates().get(model)).toBe(10_000_000_000n);
    expect(elsewhere.of("rare:7b")).toBeUndefined();
  });

  test("rise by 5 % a week, however slow everybody becomes", async () => {
    const model = "slow:7b";
    for (let index = 0; index < 5; index += 1)
      await serve(pair(index), { model, ms: 5_000, count: 4 });
    const at = async (now: number) => (await fit(model, now)).of(model)?.perCompletionToken;
    expect(await at(books.now)).toBe(13_125_000_000n);
    expect(await at(books.now + week - 1)).toBe(13_125_000_000n);
    expect(await at(books.now + week)).toBe(13_781_250_000n);
  });

  test("learn nothing from lines that cost nothing", async () => {
    const model = "free:7b";
    for (let index = 0; index < 5; index += 1) await serve(pair(index), { model, ms: 0, count: 4 });
    expect((await fit(model, books.now)).of(model)).toBeUndefined();
  });

  test("learn nothing from lines that their requester disputes, though they are paid", async () => {
    const model = "disputed:7b";
    for (let index = 0; index < 5; index += 1) {
      const [account, payee] = pair(index);
      const hold = await books.hold({ account, payee, model, amount: credits(100) });
      for (let k = 1; k <= 4; k += 1) {
        const fields = { billed_ms: 1_000, prompt_tokens: 0, completion_tokens: 100 };
        const line = lineOf(hold, k, fields);
        await books.receive(hold, line);
        // By so little that the worker's figures stand.
        await books.acknowledge(hold, seen(line, { verdict: "differs" }));
      }
    }
    expect((await fit(model, books.now)).of(model)).toBeUndefined();
  });

  test("learn nothing from lines that nobody acknowledged, nor from what is long ago", async () => {
    const model = "silent:7b";
    for (let index = 0; index < 5; index += 1)
      await serve(pair(index), { model, ms: 1_000, count: 4, agreed: index !== 0 });
    // They are paid all the same, a day later.
    books.now += day;
    await books.ledger.vest(books.now);
    expect((await fit(model, books.now)).of(model)).toBeUndefined();
    await serve(pair(0), { model, ms: 1_000, count: 4 });
    expect((await fit(model, books.now + 31 * day)).of(model)).toBeUndefined();
    expect((await fit(model, books.now)).of(model)).toBeDefined();
  });

  test("give one pair one voice, though most lines are theirs", async () => {
    const model = "loud:7b";
    for (let index = 1; index < 6; index += 1)
      await serve(pair(index), { model, ms: 1_000, count: 4 });
    await serve(pair(0), { model, ms: 10, count: 60 });
    expect((await fit(model, books.now)).of(model)).toMatchObject({
      ...{ perCompletionToken: 10_000_000_000n, lines: 40 },
    });
  });
});
