/** Bugs of tickets: who may spend what, where and for how long. */
import type { Mutant } from "./mutant.ts";

export const ticketMutants: readonly Mutant[] = [
  {
    name: "audience-skipped",
    what: "The signature is good, so the ticket must be for this node.",
    file: "src/protocol/ticket.ts",
    find: `  if (claims.aud !== expected.node || claims.target_node !== expected.node)
    throw new TroopError("wrong_audience");
`,
    replace: "",
  },
  {
    name: "expiry-in-milliseconds",
    what: "Seconds are compared with milliseconds, so that no ticket ever ends.",
    file: "src/protocol/ticket.ts",
    find: "if (seconds >= claims.exp)",
    replace: "if (seconds >= claims.exp * 1_000)",
  },
  {
    name: "secrets-not-proven",
    what: "The path is walked up to the root, and the root is not compared.",
    file: "src/protocol/secrets.ts",
    find: "return timingSafeEqual(merkleRoot(leafOf(k, secret), k - 1, siblings), root);",
    replace: "return true;",
  },
  {
    name: "repeat-opens-another-hold",
    what: "A hold's id is drawn anew for each call, whatever id the caller gave.",
    file: "src/coordinator/tickets/issue.ts",
    find: `const holdId = nameUuid("hold", account, request.id);`,
    replace: "const holdId = random.uuid();",
  },
  {
    name: "own-node-charged",
    what: "A node's owner is a requester like any other, with a budget, a rate and a charge.",
    file: "src/coordinator/tickets/issue.ts",
    find: "const isOwn = lease.owner === account;",
    replace: "const isOwn = false;",
  },
  {
    name: "hold-ends-with-ticket",
    what: "A hold ends when its ticket does, though its streams may run on.",
    file: "src/coordinator/ledger/holds.ts",
    find: "ticketExpiresAt + maxSeconds * 1_000 + limits.holdGraceMs;",
    replace: "ticketExpiresAt;",
  },
  {
    name: "expiry-not-paused",
    what: "Holds expire as soon as the coordinator is back, before the outboxes have delivered.",
    file: "src/coordinator/jobs/recovery.ts",
    find: "expireFrom: now + expiryPauseMs,",
    replace: "expireFrom: now,",
  },
  {
    name: "holds-never-expire",
    what: "Holds that are due are locked and counted, and stay open.",
    file: "src/coordinator/ledger/holds.ts",
    find: `          await tx.endHolds(due, "expired", now);\n`,
    replace: "",
  },
];
