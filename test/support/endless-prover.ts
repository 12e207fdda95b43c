/** A prover that starts at once and never comes to an end. */
import type { ProverKind } from "../../src/worker/proof/messages.ts";

export const startEndlessProver = async (kind: ProverKind) => {
  const forever = () => new Promise<never>(() => {});
  const device = { prover: kind, name: "an endless device" };
  const work = { commit: forever, open: forever, fill: forever, walk: forever, openLanes: forever };
  return { pid: undefined, device, others: [], ...work, [Symbol.dispose]: () => {} };
};
