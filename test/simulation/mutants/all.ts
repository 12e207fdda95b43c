/** Every planted bug. */
import { mutantsByAStranger } from "./by-a-stranger.ts";
import { clientMutants } from "./client.ts";
import { ledgerMutants } from "./ledger.ts";
import type { Mutant } from "./mutant.ts";
import { ticketMutants } from "./tickets.ts";
import { workerMutants } from "./worker.ts";

export const allMutants: readonly Mutant[] = [
  ...ledgerMutants,
  ...ticketMutants,
  ...workerMutants,
  ...clientMutants,
  ...mutantsByAStranger,
];
