/** How it stands with each engine, and which of its models are kept back. Pure. */
import type { Inspected, OfferMap } from "../catalogue-offers.ts";
import type { Engine } from "../engines/engine.ts";
import type { EngineHealth } from "./why-no-work.ts";

export interface HealthParts {
  known: readonly Engine[];
  /** Those that answered when they were last asked. */
  inspected: readonly Inspected[];
  offers: OfferMap;
  /** Whether an engine keeps failing requests. */
  isFailing: (engine: Engine) => boolean;
}

export function healthOf({ known, inspected, offers, isFailing }: HealthParts): EngineHealth[] {
  const offered = [...offers.values()].flat();
  return known.map((engine) => {
    const { type } = engine;
    const answer = inspected.find((each) => each.engine === engine);
    if (!answer) return { type, state: "away", models: 0, tooLarge: 0, denied: 0 };
    const { tooLarge = 0 } = answer;
    const models = answer.models.length + tooLarge;
    if (isFailing(engine)) return { type, state: "failing", models, tooLarge, denied: 0 };
    const own = offered.filter((offer) => offer.engine === engine).length;
    return { type, state: "well", models, tooLarge, denied: answer.models.length - own };
  });
}
