/** Bugs planted by somebody who read the documentation and the production code, and nothing of the simulation. */
import type { Mutant } from "./mutant.ts";

export const mutantsByAStranger: readonly Mutant[] = [
  {
    name: "shortfall-forgotten",
    what: "An acknowledgement releases the whole cost of a vesting request, also what the hold never had left to capture.",
    file: "src/coordinator/ledger/settlement.ts",
    find: `settleByVerdict(book, row, acknowledgement, row.cost - row.shortfall, "vesting", now)`,
    replace: `settleByVerdict(book, row, acknowledgement, row.cost, "vesting", now)`,
  },
  {
    name: "word-taken-for-line",
    what: "A closed hold counts as complete once each number has a row, be it only the client's word that came before the receipt.",
    file: "src/coordinator/ledger/captures.ts",
    find: `numbers.every((k) => requests.get(k)?.receipt)`,
    replace: `numbers.every((k) => requests.has(k))`,
  },
  {
    name: "starter-credits-laundered",
    what: "Starter credits come back as such only where the same step had taken them, so that a later refund turns them into credits that can be given away.",
    file: "src/coordinator/ledger/page.ts",
    find: `const starterReturned = returned > 0n ? row.starter : 0n;`,
    replace: `const starterReturned = taken > 0n && returned > 0n ? row.starter : 0n;`,
  },
  {
    name: "longer-time-agreed",
    what: "Of the two sides' times the longer is taken for what both agree on.",
    file: "src/coordinator/ledger/charge.ts",
    find: `billedMs: Math.min(worker.billedMs, client.billedMs)`,
    replace: `billedMs: Math.max(worker.billedMs, client.billedMs)`,
  },
  {
    name: "unavailable-taken-for-invalid",
    what: "Whatever failure with a code is left over is taken for a fault of the statement, so that books out of reach make its sender forget it.",
    file: "src/coordinator/tickets/redeem.ts",
    find: `if (error instanceof TroopError && error.code === "invalid_proof")`,
    replace: `if (error instanceof TroopError)`,
  },
  {
    name: "line-journalled-later",
    what: "The line is written to journal and outbox a second after the client has it, so that the disk keeps no answer waiting.",
    file: "src/worker/proxy/forward.ts",
    find: `    journal.settle(account.hold, line, isFree);`,
    replace: `    clock.timer(1_000, () => journal.settle(account.hold, line, isFree));`,
  },
  {
    name: "closed-before-its-end",
    what: "The grace behind a ticket's end is added to the present instead of taken off, so that a hold is closed while its ticket can still be spent.",
    file: "src/worker/closes.ts",
    find: `const endedBy = coordinator.time.now() - limits.closeAfterMs;`,
    replace: `const endedBy = coordinator.time.now() + limits.closeAfterMs;`,
  },
  {
    name: "lost-answer-taken-for-refusal",
    what: "Any connection that fails before the answer's head counts as nothing admitted: the record is dropped and the number is used again.",
    file: "src/client/call/attempt.ts",
    find: `return isUnsent && !silence.signal.aborted ? unsent(error) : missed(error);`,
    replace: `return silence.signal.aborted ? missed(error) : unsent(asTroopError(error));`,
  },
];
