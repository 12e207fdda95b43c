/** Credits: how they are earned, weighed, held and paid. */
import type { Topic } from "./corpus.ts";

export const creditTopics: readonly Topic[] = [
  {
    questions: [
      "What is a credit?",
      "What are credits?",
      "How do credits work?",
      "Tell me about credits",
      "What is a credit worth?",
      "Credits",
      "Explain credits",
    ],
    answer:
      "Credits measure lent time: one credit buys one second of an RTX 3060. A faster node costs more a second, and a cap on tokens keeps slow answers from costing more.",
  },
  {
    questions: [
      "How many credits do I start with?",
      "What are starter credits?",
      "Do I get free credits?",
      "How many credits do I get?",
    ],
    answer:
      "A new account is granted 1000 starter credits, once. They are spent first and cannot be given away.",
  },
  {
    questions: [
      "How do I earn credits?",
      "How can I earn credits?",
      "How do I get more credits?",
      "How do I earn more?",
    ],
    answer:
      "Lend your GPU with troop worker. Each request that your node serves for somebody else is paid to your account when it settles.",
  },
  {
    questions: [
      "What happens when I run out of credits?",
      "What if I run out of credits?",
      "What if I have no credits?",
      "What does error 402 mean?",
    ],
    answer:
      "Without enough credits you get error 402 and no new ticket. Lend your GPU to earn more; your own node always serves you for nothing.",
  },
  {
    questions: [
      "Do I pay for my own GPU?",
      "Is my own node free?",
      "What does my own node cost?",
      "Can I use my own GPU?",
    ],
    answer: "Requests to your own node cost nothing, and nothing is earned by them either.",
  },
  {
    questions: [
      "What is the multiplier?",
      "What's the multiplier?",
      "What is a hardware multiplier?",
      "How is the multiplier computed?",
      "Why do fast GPUs earn more?",
      "Multiplier",
    ],
    answer:
      "The multiplier weighs a node's seconds: its proven speed S to the power 0.75, kept between 0.05 and 20. An RTX 3060 counts as 1.",
  },
  {
    questions: [
      "Why is my multiplier 0.05?",
      "What does unproven mean?",
      "What is an unproven node?",
      "My node is unproven",
    ],
    answer:
      "Without a proof of hardware a node is unproven and its multiplier is 0.05. Run troop worker status: it tells you how to prove.",
  },
  {
    questions: [
      "What is a hold?",
      "What's a hold?",
      "Why are my credits held?",
      "What are held credits?",
    ],
    answer:
      "A hold reserves credits under a ticket. What your requests cost is captured from it, and the rest is released.",
  },
  {
    questions: [
      "What is vesting?",
      "What's vesting?",
      "Why are my credits vesting?",
      "When do I get paid?",
      "What are vesting credits?",
    ],
    answer:
      "Work that both sides confirm is settled at once. A receipt without an acknowledgement vests: it settles after 24 hours.",
  },
  {
    questions: [
      "Is it a blockchain?",
      "Is this crypto?",
      "Are credits money?",
      "Is there a coin?",
      "Do I need a wallet?",
      "Do credits cost money?",
    ],
    answer:
      "No blockchain, no coin and no wallet. Credits are whole numbers in the coordinator's ledger, nothing more mysterious.",
  },
  {
    questions: [
      "Can I give credits away?",
      "How do I gift credits?",
      "Can I send credits to a friend?",
      "What does troop gift do?",
    ],
    answer:
      "Yes, with troop gift, up to a daily cap, once your node is proven or ten others have dealt with you. Starter credits stay with you.",
  },
  {
    questions: [
      "How do I see my balance?",
      "What is my balance?",
      "How many credits do I have?",
      "What does troop balance do?",
      "How can I see my credits?",
    ],
    answer:
      "Run troop balance to see your credits. The command troop transactions lists where they went.",
  },
];
