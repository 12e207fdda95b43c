/** What each model is like, of all nodes that offer it. Pure. */
import { type Candidate, hasRoom } from "./choose-node.ts";
import { billionsOf, type ModelOffer } from "./model-choice.ts";

interface Known {
  isOut(node: string): boolean;
  expectedMs(candidate: Candidate): number;
}

export function offersOf(candidates: readonly Candidate[], known: Known): ModelOffer[] {
  const byModel = Map.groupBy(candidates, ({ offer }) => offer.name);
  return [...byModel].map(([model, all]) => {
    const ready = all.filter((candidate) => isReady(candidate, known));
    const lengths = all.flatMap(({ offer }) => offer.context_length ?? []);
    const sizes = all.flatMap(({ offer }) => offer.size_bytes ?? []);
    return {
      model,
      billions: billionsOf(model, sizes[0]),
      capabilities: [...new Set(all.flatMap(({ offer }) => offer.capabilities))],
      quantizations: [...new Set(all.flatMap(({ offer }) => offer.quantization ?? []))],
      contextLength: lengths.length > 0 ? Math.max(...lengths) : undefined,
      isReady: ready.length > 0,
      expectedMs: Math.min(...(ready.length > 0 ? ready : all).map(known.expectedMs)),
    };
  });
}

const isReady = (candidate: Candidate, { isOut }: Known): boolean =>
  hasRoom(candidate) && !isOut(candidate.node.node_id);
