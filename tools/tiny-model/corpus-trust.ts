/** Tickets, receipts, proofs and privacy: why strangers can deal with one another. */
import type { Topic } from "./corpus.ts";

export const trustTopics: readonly Topic[] = [
  {
    questions: [
      "What is a ticket?",
      "What's a ticket?",
      "What are tickets?",
      "How do tickets work?",
      "Why do I need a ticket?",
      "Tell me about tickets",
      "Explain tickets",
      "Tickets",
    ],
    answer:
      "A ticket is a right to spend, signed by the coordinator: one budget, one node, one model, five minutes at most. The worker checks it without calling home.",
  },
  {
    questions: [
      "How are tickets signed?",
      "Who signs tickets?",
      "Which algorithm signs tickets?",
      "Can a ticket be forged?",
    ],
    answer:
      "The coordinator signs tickets with RS256 and publishes its public keys, so every worker can tell a forged one.",
  },
  {
    questions: [
      "How long is a ticket valid?",
      "How long does a ticket last?",
      "When does a ticket expire?",
    ],
    answer:
      "Five minutes. A request that began in time may finish later, and the sidecar renews its tickets ahead of need.",
  },
  {
    questions: [
      "Can somebody steal my ticket?",
      "What if my ticket is stolen?",
      "What is a one-time secret?",
      "Can a request be replayed?",
    ],
    answer:
      "A copied ticket is worthless. Each request must reveal a one-time secret that only your sidecar knows, and none works twice.",
  },
  {
    questions: [
      "What is a receipt?",
      "What's a receipt?",
      "What are receipts?",
      "Who signs receipts?",
    ],
    answer:
      "A receipt is a node's signed account of the requests it served: their time, their tokens and their cost.",
  },
  {
    questions: [
      "What is an acknowledgement?",
      "What's an acknowledgement?",
      "What are acknowledgements?",
      "Who confirms a receipt?",
    ],
    answer:
      "An acknowledgement is the requester's signed view of the same requests. When it matches the receipt, the node is paid at once.",
  },
  {
    questions: [
      "What is proof of hardware?",
      "What's proof of hardware?",
      "How does proof of hardware work?",
      "How do I prove my GPU?",
      "Can I lie about my GPU?",
      "Proof of hardware",
    ],
    answer:
      "The coordinator sends a random challenge, times a chain of matrix products and checks secretly chosen rows. What a machine claims is never trusted.",
  },
  {
    questions: [
      "Who can see my prompts?",
      "Who can read my prompts?",
      "Are my prompts private?",
      "Is it private?",
      "Can the worker read my prompt?",
      "Is my data safe?",
      "Privacy",
      "Is my prompt private?",
    ],
    answer:
      "Only the worker that answers, and its owner. They see a pseudonym, and on a direct path your address. Send nothing secret to nodes that you do not trust.",
  },
  {
    questions: [
      "Does the coordinator see my prompts?",
      "What does the coordinator see?",
      "What does the coordinator know?",
      "Can the coordinator read my prompts?",
    ],
    answer:
      "It sees which account asked which node for which model, when, how many tokens, the cost and both addresses. It never sees content.",
  },
  {
    questions: [
      "Is it encrypted?",
      "How are prompts encrypted?",
      "What is a sealed stream?",
      "What are sealed streams?",
      "Can a relay read my prompts?",
    ],
    answer:
      "Prompts and answers are sealed end to end, from your sidecar to the worker. A relay on the way sees addresses, sizes and times, not words.",
  },
  {
    questions: [
      "Can the coordinator cheat?",
      "What if the coordinator is hostile?",
      "Do I have to trust the coordinator?",
      "How do I pin nodes?",
    ],
    answer:
      "A hostile coordinator could send you to a node of its own. If that worries you, allow only these nodes that you know.",
  },
  {
    questions: [
      "What happens when a node dies?",
      "What if a worker goes offline?",
      "What if a node fails?",
      "What if the answer is cut off?",
    ],
    answer:
      "An answer cut off on the way ends with an error, never as if it were complete. A node that died earns nothing for it.",
  },
];
