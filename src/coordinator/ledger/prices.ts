/** Prices that receipts have shown: kept at hand for every ticket, read anew now and then, fitted by one coordinator. */
import { completionRate, type FittedRates, type Tariff } from "./tariff.ts";
import { fitPrice, type FittedPrice } from "./tariff-fit.ts";
import type { TariffStore } from "./tariff-store.ts";

export type Prices = ReturnType<typeof createPrices>;

/** As long as the books keep what requests were made of. */
const lookedBackMs = 30 * 24 * 60 * 60_000;

export function createPrices(store: TariffStore) {
  let known: ReadonlyMap<string, FittedPrice> = new Map();
  let rates: FittedRates = new Map();

  function remember(prices: ReadonlyMap<string, FittedPrice>): void {
    known = prices;
    rates = new Map(
      [...prices].map(([model, { perCompletionToken }]) => [model, perCompletionToken]),
    );
  }

  return {
    /** What is known now; never waits. */
    rates: (): FittedRates => rates,
    of: (model: string): FittedPrice | undefined => known.get(model),

    /** Reads what another coordinator may have fitted. */
    async reload(): Promise<void> {
      remember(await store.readPrices());
    },

    /**
     * Fits the prices to what receipts show by now.
     * @param tariff what tickets are priced by at this moment: a first fit rises from there
     */
    async refit(tariff: Tariff, now: number): Promise<void> {
      const before = await store.readPrices();
      const fitted = new Map<string, FittedPrice>();
      for (const [model, voices] of await store.readVoices(now - lookedBackMs)) {
        const price = fitPrice(voices, before.get(model), completionRate(tariff, model), now);
        if (price) fitted.set(model, price);
      }
      if (fitted.size > 0) await store.writePrices(fitted);
      remember(new Map([...before, ...fitted]));
    },
  };
}
