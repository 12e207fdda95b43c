/** `GET /stats`: figures for a public page. Sums only, counted anew every ten minutes. */
import { statsAnswer } from "../../../protocol/state-answers.ts";
import type { App, Services } from "../services.ts";

export function statsRoute(app: App, { observer }: Services): void {
  app.get(
    "/stats",
    { schema: { summary: "How large the network is", response: { 200: statsAnswer } } },
    () => observer.stats(),
  );
}
