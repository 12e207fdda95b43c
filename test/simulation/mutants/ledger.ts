/** Bugs of the ledger: what is captured, paid, given back and released. */
import type { Mutant } from "./mutant.ts";

export const ledgerMutants: readonly Mutant[] = [
  {
    name: "double-capture",
    what: "A line is captured as often as it comes.",
    file: "src/coordinator/ledger/settlement.ts",
    find: `  if (known?.receipt?.lineHash === hash) return { ...answerOf(book, known), movements: [] };\n`,
    replace: `  if (known?.receipt?.lineHash === hash) return takeReceipt(book, line.k, receiptFacts(line, statement), chargeOf(line, book.rate, 0), now);\n`,
  },
  {
    name: "conflicting-line-settled",
    what: "A second, different line for the same request replaces the first.",
    file: "src/coordinator/ledger/settlement.ts",
    find: `  if (known?.receipt)
    return { ...answerOf(book, known), outcome: "receipt_conflict", movements: [] };
`,
    replace: "",
  },
  {
    name: "repeat-is-a-conflict",
    what: "The same line again is told apart from the first, and refused.",
    file: "src/coordinator/ledger/settlement.ts",
    find: `  if (known?.receipt?.lineHash === hash) return { ...answerOf(book, known), movements: [] };\n`,
    replace: "",
  },
  {
    name: "unproven-lines-accepted",
    what: "The worker's signature is proof enough that a request was made.",
    file: "src/coordinator/ledger/settlement.ts",
    find: `  if (!isSecretOf(book.anchor, line))
    return { outcome: "request_unproven", paid: 0n, movements: [] };
`,
    replace: "",
  },
  {
    name: "cap-off",
    what: "The cost is captured, whatever its hold has left.",
    file: "src/coordinator/ledger/settlement.ts",
    find: "const atMost = cost < left ? cost : left;",
    replace: "const atMost = cost;",
  },
  {
    name: "vesting-skipped",
    what: "The provider is paid with the receipt, and the requester's word changes nothing any more.",
    file: "src/coordinator/ledger/settlement.ts",
    find: "  if (!row.acknowledgement || receipt.hmac) {\n",
    replace: `  if (!row.acknowledgement) {
    const pay = movement(k, "pay", book.account, book.payee, captured);
    return { ...answerOf(after, row), row, movements: [pay] };
  }
  if (receipt.hmac) {
`,
  },
  {
    name: "vests-from-the-workers-clock",
    what: "The day of vesting begins when the worker says that the request ended.",
    file: "src/coordinator/ledger/settlement.ts",
    find: "      vestsAt: now + limits.vestingMs,\n",
    replace: "      vestsAt: receipt.ended + limits.vestingMs,\n",
  },
  {
    name: "refund-unlimited",
    what: "Whoever says that an answer never came gets their credits back.",
    file: "src/coordinator/ledger/settlement.ts",
    find: "mayGiveBack(recent, requestName(hold, k), amount);",
    replace: "amount >= 0n;",
  },
  {
    name: "later-word-counts",
    what: "The requester's latest word replaces the one before.",
    file: "src/coordinator/ledger/settlement.ts",
    find: "  if (known.acknowledgement) {\n",
    replace: `  if (known.acknowledgement && line.verdict === "ok") {\n`,
  },
  {
    name: "strangers-word-accepted",
    what: "Whoever has an account may acknowledge.",
    file: "src/coordinator/ledger/captures.ts",
    find: "book.account === account",
    replace: "account.length > 0",
  },
  {
    name: "held-not-released",
    what: "A capture takes the credits, and leaves them reserved as well.",
    file: "src/coordinator/ledger/page.ts",
    find: `held: isRequester && book.state === "open" ? -captured : 0n,`,
    replace: "held: 0n,",
  },
  {
    name: "close-changes-nothing",
    what: "A close is answered, and the rest of the hold stays reserved until it expires.",
    file: "src/coordinator/ledger/captures.ts",
    find: `      if (await store.closeComplete(hold, node, numbers, now))\n`,
    replace: `      if (numbers.length >= 0)\n`,
  },
  {
    name: "close-does-not-wait",
    what: "A hold is closed at its worker's word, whether its lines have come or not.",
    file: "src/coordinator/ledger/captures.ts",
    find: `state === "open" && numbers.every((k) => requests.get(k)?.receipt);`,
    replace: `state === "open" && requests.size >= 0 && numbers.length >= 0;`,
  },
  {
    name: "claim-not-recomputed",
    what: "A line costs what it says that it costs.",
    file: "src/coordinator/ledger/charge.ts",
    find: "return claimed < computed ? claimed : computed;",
    replace: "return claimed;",
  },
  {
    name: "workers-tokens-stand",
    what: "Where both sides differ on the tokens, the worker's count is taken.",
    file: "src/coordinator/ledger/charge.ts",
    find: "Math.min(worker.completionTokens, client.completionTokens)",
    replace: "worker.completionTokens",
  },
  {
    name: "failure-charged",
    what: "A worker that failed is paid for what it says it did.",
    file: "src/coordinator/ledger/charge.ts",
    find: `  if (line.finish === "worker_error") return 0n;\n`,
    replace: "",
  },
  {
    name: "starter-never-spent",
    what: "Starter credits stay on their account's record after they were spent.",
    file: "src/coordinator/ledger/page.ts",
    find: "nonTransferable: isRequester ? -starterSpent : 0n,",
    replace: "nonTransferable: 0n,",
  },
  {
    name: "refund-launders-starter-credits",
    what: "What is given back comes back as earned credits, whatever it was.",
    file: "src/coordinator/ledger/page.ts",
    find: "const starterReturned = returned > 0n ? row.starter : 0n;",
    replace: "const starterReturned = returned > 0n ? 0n : 0n;",
  },
];
