/** `GET /tariff`: what a token of each model costs at most, and how that is known. Public. */
import { formatRate } from "../../../protocol/credits.ts";
import { tariffAnswer } from "../../../protocol/offers.ts";
import { promptRate } from "../../ledger/tariff.ts";
import type { App, Services } from "../services.ts";

export function tariffRoute(app: App, { registry, prices }: Services): void {
  app.get(
    "/tariff",
    { schema: { summary: "What tokens cost at most", response: { 200: tariffAnswer } } },
    async () => {
      const { tariff } = await registry.list();
      const models = [...tariff].map(([model, perCompletionToken]) => {
        const fitted = prices.of(model);
        return {
          model,
          per_prompt_token: formatRate(promptRate(perCompletionToken)),
          per_completion_token: formatRate(perCompletionToken),
          source: fitted ? ("receipts" as const) : ("size" as const),
          lines: fitted?.lines ?? 0,
          owners: fitted?.owners ?? 0,
          requesters: fitted?.requesters ?? 0,
          fitted_at: fitted?.fittedAt ?? null,
        };
      });
      return { models: models.toSorted((left, right) => (left.model < right.model ? -1 : 1)) };
    },
  );
}
