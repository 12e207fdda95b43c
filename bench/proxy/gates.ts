/** The figures of the proxy benchmark, and how each comes out of what a round measured. Pure. */
import { figureOf, type Figure, type Gate } from "../figure.ts";
import type { PathName } from "./paths.ts";

/** One round's measurements by path. */
export interface Round {
  /** Middle time of a whole answer, ms. */
  p50Ms: Record<PathName, number>;
  /** CPU time of all hops for one short answer, ms. */
  requestMs: Record<"nginx" | "portkey" | "ours" | "floor", number>;
  /** CPU time of all hops for one event of a long answer, µs. */
  chunkUs: Record<"nginx" | "ours" | "floor", number>;
}

const atMost = (figure: string, gate: number, aim: number): Gate => ({
  ...{ figure, good: "at most", gate, aim },
});

type RoundGate = Gate & { of(round: Round): [ours: number, reference: number] };

const added = ({ p50Ms }: Round, path: PathName): number => p50Ms[path] - p50Ms.direct;

export const roundGates: readonly RoundGate[] = [
  {
    ...atMost("added p50, two hops ÷ two nginx hops", 4, 2.5),
    of: (round) => [added(round, "ours"), added(round, "nginx")],
  },
  {
    ...atMost("added p50, two hops ÷ one Portkey hop", 1, 0.7),
    of: (round) => [added(round, "ours"), added(round, "portkey")],
  },
  {
    ...atMost("CPU per request, two hops ÷ one Portkey hop", 0.75, 0.45),
    of: ({ requestMs }) => [requestMs.ours, requestMs.portkey],
  },
  {
    ...atMost("CPU per request, two hops ÷ two plain hops", 2.5, 1.7),
    of: ({ requestMs }) => [requestMs.ours, requestMs.floor],
  },
  {
    ...atMost("CPU per streamed chunk, two hops ÷ two nginx hops", 3.75, 2.5),
    of: ({ chunkUs }) => [chunkUs.ours, chunkUs.nginx],
  },
];

export const memoryGate: Gate = atMost("memory per open stream, two hops, KB", 120, 60);

/** A round in which the reference cannot be told from nothing says nothing of a ratio to it. */
export function figuresOf(rounds: readonly Round[], memoryKb: readonly number[]): Figure[] {
  const figures = roundGates.map(({ of, ...gate }) => {
    const ratios = rounds.map(of).flatMap(([ours, base]) => (base > 0 ? [ours / base] : []));
    if (ratios.length === 0) throw new Error(`no round measured the reference of: ${gate.figure}`);
    return figureOf(gate, ratios);
  });
  return [...figures, figureOf(memoryGate, memoryKb)];
}

/** The order of a round: nobody always runs first, on a machine that has just rested. */
export const turned = <Item>(items: readonly Item[], by: number): Item[] => {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
};
