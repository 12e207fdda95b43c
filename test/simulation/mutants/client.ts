/** Bugs of the client: its secrets, and its word on what it got. */
import type { Mutant } from "./mutant.ts";

export const clientMutants: readonly Mutant[] = [
  {
    name: "part-unnamed",
    what: "Who goes on with an answer does not say with whose: the history is none of the client's business.",
    file: "src/client/course/course.ts",
    find: "        relation = { continues, part: part + 1 };\n",
    replace: "        relation = continues && part ? {} : relation;\n",
  },
  {
    name: "text-so-far-unsent",
    what: "Who goes on is asked the question, and not told what was said.",
    file: "src/client/course/continuation.ts",
    find: "    fields: { ...fields, messages, continue_final_message: true },\n",
    replace: "    fields,\n",
  },
  {
    name: "seam-said-twice",
    what: "The space between two parts is passed on by both.",
    file: "src/client/dialects/seam.ts",
    find: "      return text.slice(same);\n",
    replace: "      return text;\n",
  },
  {
    name: "one-seed-for-all",
    what: "The seed of a ticket's secrets is left over from a test.",
    file: "src/client/tickets/authorize.ts",
    find: "createSecretTree(random.bytes(limits.secretBytes))",
    replace: "createSecretTree(Buffer.alloc(limits.secretBytes))",
  },
  {
    name: "silence-means-ok",
    what: "A good line is not acknowledged: it vests anyway.",
    file: "src/client/lines/acknowledge.ts",
    find: "    add(hold, { k, verdict, line_hash: hash, ...figures, ...relation });\n",
    replace: `    if (verdict !== "ok") add(hold, { k, verdict, line_hash: hash, ...figures, ...relation });\n`,
  },
  {
    name: "hash-with-final-frame",
    what: "What a client holds its line against has the line's own frame in it.",
    file: "src/protocol/sealed-stream-cipher.ts",
    find: `    hash.add(wire, isDone);
    return { ...frame`,
    replace: `    hash.add(wire, false);
    return { ...frame`,
  },
  {
    name: "tokens-guessed",
    what: "A token is taken to be sixteen bytes of text.",
    file: "src/client/lines/line-check.ts",
    find: "  completion_tokens: textBytes,\n",
    replace: "  completion_tokens: Math.floor(textBytes / 16),\n",
  },
  {
    name: "sent-at-is-received-at",
    what: "The time that a request took is counted from its answer on.",
    file: "src/client/lines/line-check.ts",
    find: "billed_ms: Math.ceil(elapsedMs) + limits.acknowledgedMsGrace,",
    replace: "billed_ms: 0,",
  },
  {
    name: "broken-stream-is-refused",
    what: "An answer that broke off is reported as one that never began, and its number is used again.",
    file: "src/client/call/attempt.ts",
    find: "      acknowledger.miss(use, observe(), signal.aborted);\n",
    replace: "      use.refused();\n",
  },
];
