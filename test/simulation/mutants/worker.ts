/** Bugs of the worker: what it admits, remembers, bills and reports. */
import type { Mutant } from "./mutant.ts";

export const workerMutants: readonly Mutant[] = [
  {
    name: "volatile-journal",
    what: "A request is admitted without a row in the journal: what the process remembers is quicker.",
    file: "src/worker/journal.ts",
    find: "      store.insert({ hold, k: secret.k, secret: JSON.stringify(secret), started });\n",
    replace: "",
  },
  {
    name: "line-after-final-frame",
    what: "The client gets its line first, so that it need not wait for the disk.",
    file: "src/worker/proxy/forward.ts",
    find: `    journal.settle(account.hold, line, isFree);
    account.finish(running, parseCredits(line.cost), isFree);
    answer.finish(isRefused ? undefined : line);
`,
    replace: `    account.finish(running, parseCredits(line.cost), isFree);
    answer.finish(isRefused ? undefined : line);
    await Promise.resolve();
    journal.settle(account.hold, line, isFree);
`,
  },
  {
    name: "hash-of-what-has-left",
    what: "A line names the bytes on the wire when it is written; the last tick's are not among them.",
    file: "src/worker/proxy/forward.ts",
    find: "    if (!isRefused) answer.flush();\n",
    replace: "",
  },
  {
    name: "line-in-memory",
    what: "Lines wait in memory for the next batch instead of in the outbox's table.",
    file: "src/host/outbox.ts",
    find: "    add: (hold, line) => store.add({ hold, k: line.k, line: JSON.stringify(line) }),\n",
    replace: `    add(hold, line) {
      const add = () => {
        try {
          store.add({ hold, k: line.k, line: JSON.stringify(line) });
        } catch {}
      };
      clock.timer(1_000, add);
    },
`,
  },
  {
    name: "line-in-two-writes",
    what: "The journal's row and the outbox's are written one after the other, in no transaction.",
    file: "src/worker/journal.ts",
    find: `    database.transaction(() => {
      store.settle(hold, line.k, line.cost, isFree);
      outbox.add(hold, line);
    });`,
    replace: `    {
      store.settle(hold, line.k, line.cost, isFree);
      outbox.add(hold, line);
    };`,
  },
  {
    name: "recovery-forgotten",
    what: "A worker that starts again does not account for what its last process left open.",
    file: "src/worker/core.ts",
    find: "const recovered = journal.recover();",
    replace: "const recovered = 0;",
  },
  {
    name: "used-numbers-forgotten",
    what: "A hold that is seen again begins with no used numbers.",
    file: "src/worker/hold-accounts.ts",
    find: "const used = new Set(history.used);",
    replace: "const used = new Set<number>();",
  },
  {
    name: "number-not-taken",
    what: "A number is looked up, and taken only when its answer is whole.",
    file: "src/worker/hold-accounts.ts",
    find: "take: (k) => !used.has(k) && Boolean(used.add(k)),",
    replace: "take: (k) => !used.has(k),",
  },
  {
    name: "budget-not-metered",
    what: "What a finished request cost is not added to what its ticket has spent.",
    file: "src/worker/hold-accounts.ts",
    find: "          spent += cost;\n",
    replace: "",
  },
  {
    name: "own-clock-trusted",
    what: "The worker judges tickets by its own wall clock.",
    file: "src/worker/core.ts",
    find: "const now = () => coordinator.time.now();",
    replace: "const now = () => clock.now();",
  },
  {
    name: "resend-lost",
    what: "The coordinator's wish for the full snapshot is taken for its thanks.",
    file: "src/worker/beat.ts",
    find: "isHeld: !wantsSnapshot",
    replace: "isHeld: true",
  },
  {
    name: "outbox-sends-once",
    what: "Statements leave the outbox when they are sent and not when they are answered.",
    file: "src/host/outbox.ts",
    find: "      lastId = fitting.at(-1)!.id;\n",
    replace: `      lastId = fitting.at(-1)!.id;
      for (const { id } of fitting) store.finish(id);
`,
  },
  {
    name: "secret-not-compared",
    what: "Admission trusts whatever secret the head names.",
    file: "src/worker/proxy/admit.ts",
    find: '    if (!isSecretOf(ticket.claims.anchor, secret)) throw new TroopError("request_unproven");\n',
    replace: "",
  },
];
